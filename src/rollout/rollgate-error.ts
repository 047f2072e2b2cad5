/**
 * A failure Rollgate foresaw. `code` is stable and for machines, `message` says what failed and to
 * what, `remedy` is the next thing the reader does, `cause` is what the outside world said.
 * None of the four ever holds a credential.
 */
export class RollgateError extends Error {
  readonly code: string
  readonly remedy: string

  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.remedy = remedy
  }
}

/** What the person gave us is wrong; nothing was changed. */
export class InputError extends RollgateError {}

/** The evidence cannot be read; the rollout must not move forward on it. */
export class EvidenceError extends RollgateError {}

/** The provider refused, failed, or left its state unknown; the remedy says where to look. */
export class ProviderError extends RollgateError {}

/** Somebody else moved first: read again, decide again. */
export class ConflictError extends RollgateError {}
