/**
 * Every text that must be masked when these credentials are in play: each one whole, and the
 * password inside a connection string, as it is written, as it is meant and as a URL carries it.
 */
export function secretsIn(credentials: readonly (string | undefined)[]): readonly string[] {
  const found = credentials.flatMap(credential => {
    const text = credential?.trim() ?? ''
    return text === '' ? [] : [text, ...passwordsIn(text)]
  })
  return [...new Set(found)].filter(secret => secret !== '')
}

function passwordsIn(text: string): readonly string[] {
  const normal = URL.canParse(text) ? new URL(text).password : ''
  // The last @ before host and path: a password written without percent-encoding may hold one too.
  const [, written] = /^[a-z]+:\/\/[^/@:]*:([^/?#]*)@/iu.exec(text) ?? []
  // Too broken for a URL, as with a raw slash in the password: mask too much rather than too little.
  const [, broken] = normal === '' ? (/^[a-z]+:\/\/[^/@:]*:(.*)@/iu.exec(text) ?? []) : []
  return [written ?? '', broken ?? '', normal].flatMap(secret => [secret, decoded(secret)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
