/** GitHub drops a summary of more than 1 MiB whole; this leaves room for what others add. */
export const PAGE_LIMIT_BYTES = 900 * 1024

const CUT = '_Cut here: the page would be too long for GitHub. The ledger has all of it._'

/**
 * The sections as one page, none of them longer than the limit together: what does not fit is left
 * out from the end, whole section by whole section, and said to be. A first section that is too
 * long by itself is cut after a line.
 */
export function fitPage(sections: readonly string[], limitBytes = PAGE_LIMIT_BYTES): string {
  const shown = sections.filter(section => section !== '')
  const whole = join(shown)
  if (bytesIn(whole) <= limitBytes) return whole
  for (let kept = shown.length - 1; kept > 0; kept -= 1) {
    const page = join([...shown.slice(0, kept), CUT])
    if (bytesIn(page) <= limitBytes) return page
  }
  return join([firstLines(shown[0] ?? '', limitBytes - bytesIn(join(['', CUT]))), CUT])
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
