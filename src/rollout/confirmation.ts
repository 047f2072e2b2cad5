import type { Definition } from './definition.ts'
import type { Gates } from './ports.ts'
import { InputError } from './rollgate-error.ts'

/** What was typed to confirm, and what for. */
export interface Confirming {
  readonly kind: Gates['kind']
  /** Undefined or empty when nothing was typed. */
  readonly confirm: string | undefined
  readonly touchesProduction: boolean
}

/**
 * The word that is typed so that nobody starts the wrong rollout by a slip: the definition's name. A
 * wrong word is always refused; on GitHub whatever touches production needs the right one.
 * @throws InputError (`not_confirmed`)
 */
export function requireConfirmation({ name }: Pick<Definition, 'name'>, given: Confirming): void {
  const { kind, confirm = '', touchesProduction } = given
  if (confirm === name) return
  if (confirm !== '') {
    throw notConfirmed(`The confirmation ${JSON.stringify(cut(confirm))} is not ${name}.`, name)
  }
  if (kind === 'environments' && touchesProduction) {
    throw notConfirmed('This touches production, and nobody has confirmed it.', name)
  }
}

/** Refuses for want of the word; `remedy` where there is more to it than typing it. */
export function notConfirmed(
  message: string,
  name: string,
  remedy = `Start it again with ${name} in the field confirm.`
): InputError {
  return new InputError('not_confirmed', message, remedy)
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
