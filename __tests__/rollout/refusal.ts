import { InputError } from '../../src/rollout/rollgate-error.ts'

/** What a person is told by the refusal; fails when there is none. */
export function refusal(act: () => unknown) {
  try {
    act()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { code, message, remedy } = error
    return { code, message, remedy }
  }
  throw new Error('it was not refused')
}
