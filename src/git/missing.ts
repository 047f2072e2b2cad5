/** What the call returns; undefined when the file it wants, or a folder on the way to it, is not there. */
export function unlessMissing<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
}
