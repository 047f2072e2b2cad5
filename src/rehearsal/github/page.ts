/** The part of a list that a request asks for: `per_page`, at most 100 and 30 unless told, and `page`. */
export function pageOf<T>(
  items: readonly T[],
  query: Readonly<Record<string, string>>
): readonly T[] {
  const size = Math.min(100, Math.max(1, Number(query['per_page'] ?? 30)))
  const start = (Math.max(1, Number(query['page'] ?? 1)) - 1) * size
  return items.slice(start, start + size)
}

/** The query keys that choose a page. */
export const PAGE_KEYS: readonly string[] = ['per_page', 'page']
