/** A flag that a deployment was made with otherwise than it should be. */
export interface MadeOtherwise {
  readonly flag: string
  /** Null: the deployment should have been made without it. */
  readonly wanted: string | null
  /** Null: it was made without it. */
  readonly made: string | null
}

/** Every wanted flag that a deployment was made with otherwise. */
export function madeOtherwise(
  wanted: Readonly<Record<string, string | null>>,
  made: Readonly<Record<string, string>>
): readonly MadeOtherwise[] {
  return Object.entries(wanted)
    .map(([flag, value]) => ({
      flag,
      wanted: value,
      made: Object.hasOwn(made, flag) ? (made[flag] ?? null) : null
    }))
    .filter(one => one.made !== one.wanted)
}
