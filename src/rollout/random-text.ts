const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/giu

/**
 * Whether somebody's key looks like this and nobody's word does: long, of letters and digits, and
 * changing between small letters, capitals and digits all the time. Names of code change at each word
 * (two of nine characters), paths and slugs hardly ever, and a UUID opens nothing.
 */
export function isRandom(text: string): boolean {
  const rest = text.replaceAll(UUID, '').replaceAll(/[^A-Za-z0-9]/gu, '')
  const kinds = [/[a-z]/u, /[A-Z]/u, /\d/u].filter(kind => kind.test(rest)).length
  if (kinds < 2 || !/\d/u.test(rest)) return false
  return rest.length < 30
    ? rest.length >= 22 && kinds === 3 && changes(rest) >= 0.4
    : changes(rest) >= 0.3
}

/** Changes of kind from one character to the next, as a share of all characters. */
function changes(text: string): number {
  const found = text.match(/[a-z](?=[A-Z\d])|[A-Z](?=[a-z\d])|\d(?=[A-Za-z])/gu) ?? []
  return found.length / text.length
}
