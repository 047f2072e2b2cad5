/** Text of the provider without the given secrets. */
export function hide(text: string, conceal: readonly string[]): string {
  const longestFirst = conceal
    .filter(secret => secret !== '')
    .toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((shown, secret) => shown.replaceAll(secret, '…'), text)
}

/** Text without colours, cursor codes and other control characters; lines and tabs stay. */
export function stripControl(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f]/gu, '')
}
