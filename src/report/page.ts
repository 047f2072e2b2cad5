/** GitHub drops a summary of more than 1 MiB whole; this leaves room for what others add. */
export const PAGE_LIMIT_BYTES = 900 * 1024

/**
 * The sections as one page, none of them longer than the limit together: what does not fit is left
 * out from the end, whole section by whole section, and said to be. A first section that is too
 * long by itself is cut after a line. `whole` says where all of it is.
 */
export function fitPage(
  sections: readonly string[],
  limitBytes = PAGE_LIMIT_BYTES,
  whole = 'The ledger has all of it.'
): string {
  const cut = `_Cut here: the page would be too long for GitHub. ${whole}_`
  const shown = sections.filter(section => section !== '')
  const everything = join(shown)
  if (bytesIn(everything) <= limitBytes) return everything
  for (let kept = shown.length - 1; kept > 0; kept -= 1) {
    const page = join([...shown.slice(0, kept), cut])
    if (bytesIn(page) <= limitBytes) return page
  }
  return join([firstLines(shown[0] ?? '', limitBytes - bytesIn(join(['', cut]))), cut])
}

function join(sections: readonly string[]): string {
  return `${sections.join('\n\n')}\n`
}

function firstLines(text: string, limitBytes: number): string {
  const lines = text.split('\n')
  let room = limitBytes
  const end = lines.findIndex(line => {
    room -= bytesIn(line) + 1
    return room < 0
  })
  return lines.slice(0, end === -1 ? lines.length : end).join('\n')
}

function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length
}
