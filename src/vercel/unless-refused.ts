import { ProviderError } from '../rollout/rollgate-error.ts'

/**
 * What the call resolves to; undefined when the provider refused it with one of these codes, as it does
 * with what is not there or not to be seen.
 */
export async function unlessRefused<T>(
  codes: readonly string[],
  call: () => Promise<T>
): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ProviderError && codes.includes(error.code)) return undefined
    throw error
  }
}
