import { formatDuration } from './duration.ts'
import type { IntegrityFinding } from './events.ts'
import type { FlagObstacle, FlagReading, FlagState } from './ports.ts'

/** The database's clock may differ this much from ours before something is wrong with either. */
const MAX_SKEW_MS = 60_000

/** Whether every flag has the value the phase gave it, and nothing shadows it. */
export function checkFlags(
  wanted: Readonly<Record<string, string>>,
  reading: FlagReading
): readonly IntegrityFinding[] {
  const drifted = Object.entries(wanted).flatMap(
    ([flag, value]) => driftOf(flag, value, reading.flags[flag]) ?? []
  )
  const shadowed = reading.obstacles.map(({ code, message }) => ({ code, ok: false, message }))
  const problems = [...drifted, ...shadowed]
  return problems.length === 0
    ? [{ code: 'flags', ok: true, message: `all flags on ${reading.target} are as they were set` }]
    : problems
}

/** The names of the flags that do not have the value they were given; null: that are not absent. */
export function driftedFlags(
  wanted: Readonly<Record<string, string | null>>,
  reading: FlagReading
): readonly string[] {
  return Object.entries(wanted).flatMap(([flag, value]) => {
    const state = reading.flags[flag]
    const present = state !== undefined && state.kind !== 'absent'
    const drifted = value === null ? present : driftOf(flag, value, state) !== undefined
    return drifted ? [flag] : []
  })
}

/** Whether the finding says that a flag does not have the value it was given. */
export function isDrift({ code }: Pick<IntegrityFinding, 'code'>): boolean {
  return code === 'flag_drift' || code === 'flag_deleted'
}

/** Whether the finding says that what is deployed now may not get the flags as they were set. */
export function isFlagTrouble(finding: Pick<IntegrityFinding, 'code'>): boolean {
  return isDrift(finding) || Object.hasOwn(SHADOWS, finding.code)
}

/** With `flag_obstacle`, as earlier versions called each of them. */
const SHADOWS: Readonly<Record<FlagObstacle['code'] | 'flag_obstacle', true>> = {
  branch_override: true,
  sensitive: true,
  hidden_production: true,
  foreign_owner: true,
  duplicate_record: true,
  team_shared: true,
  other_rollout: true,
  flag_obstacle: true
}

function driftOf(
  flag: string,
  wanted: string,
  state: FlagState | undefined
): IntegrityFinding | undefined {
  switch (state?.kind) {
    case 'set':
      return state.value === wanted
        ? undefined
        : drift('flag_drift', `${flag} is "${state.value}", not "${wanted}" as it was set`)
    case 'unreadable':
      return drift(
        'flag_drift',
        `${flag} is unreadable (${state.reason}), not "${wanted}" as it was set`
      )
    case 'absent':
    case undefined:
      return drift(
        'flag_deleted',
        `${flag} is absent: somebody removed it, and it was set to "${wanted}"`
      )
  }
}

function drift(code: string, message: string): IntegrityFinding {
  return { code, ok: false, message }
}

/**
 * Whether the rollout is still judged by the definition it began with. A change is told, not held: it
 * may be what people want, but whoever approves has to know.
 */
export function checkDefinition(begunWith: string, now: string): readonly IntegrityFinding[] {
  return begunWith === now
    ? []
    : [
        {
          code: 'definition_changed',
          ok: true,
          message: 'the definition is no longer the one that the rollout began with'
        }
      ]
}

/**
 * Whether the database and this process agree on the time, asked between two instants of ours: however
 * long the question took, the answer lies between them.
 */
export function checkClocks(
  databaseNow: string,
  askedMs: number,
  answeredMs = askedMs
): IntegrityFinding {
  const databaseMs = Date.parse(databaseNow)
  const skewMs = Math.max(0, askedMs - databaseMs, databaseMs - answeredMs)
  const ok = skewMs < MAX_SKEW_MS
  const message = `the clocks of database and runner are ${formatDuration(skewMs)} apart`
  return { code: ok ? 'clocks' : 'clock_skew', ok, message }
}

/** The finding for a part of the world that did not answer. */
export function unknownWorld(part: string, problem: string): IntegrityFinding {
  return { code: 'unknown', ok: false, message: `${part} could not be checked: ${problem}` }
}
