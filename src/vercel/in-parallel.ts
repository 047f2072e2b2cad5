/** Requests to one project that may be under way at the same time. */
const AT_ONCE = 5

/** What becomes of every item, in their order. The first that throws ends the wait. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>
): Promise<readonly R[]> {
  const results = new Array<R>(items.length)
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  return results
}
