import { formatDuration } from './duration.ts'
import type { IntegrityFinding } from './events.ts'
import type { Deployment, FlagReading } from './ports.ts'
import type { DeploymentRef } from './state.ts'

/** The database's clock may differ this much from ours before something is wrong with either. */
const MAX_SKEW_MS = 60_000

/** Whether every flag has the value the phase gave it, and nothing shadows it. */
export function checkFlags(
  wanted: Readonly<Record<string, string>>,
  reading: FlagReading
): readonly IntegrityFinding[] {
  const drifted = Object.entries(wanted).flatMap(([flag, value]) => {
    const found = describeFlag(reading, flag)
    const message = `${flag} is ${found}, not "${value}" as it was set`
    return found === `"${value}"` ? [] : [{ code: 'flag_drift', ok: false, message }]
  })
  const shadowed = reading.obstacles.map(({ message }) => ({
    code: 'flag_obstacle',
    ok: false,
    message
  }))
  const problems = [...drifted, ...shadowed]
  return problems.length === 0
    ? [{ code: 'flags', ok: true, message: `all flags on ${reading.target} are as they were set` }]
    : problems
}

function describeFlag({ flags }: FlagReading, flag: string): string {
  const state = flags[flag]
  switch (state?.kind) {
    case 'set':
      return `"${state.value}"`
    case 'unreadable':
      return `unreadable (${state.reason})`
    case 'absent':
    case undefined:
      return 'absent'
  }
}

/** Whether the target still serves the phase's deployment, or a later one made with the same flags. */
export function checkDeployment(
  target: string,
  wanted: DeploymentRef & { readonly intent?: string },
  appliedAt: string,
  live: Deployment | undefined
): IntegrityFinding {
  // Two runs of one intent may have made a deployment each; either is the phase's.
  const ours = live?.intent !== undefined && live.intent === wanted.intent
  if (live?.id === wanted.id || ours) {
    return { code: 'deployment', ok: true, message: `${target} serves the phase's deployment` }
  }
  if (live === undefined) {
    return { code: 'deployment_gone', ok: false, message: `${target} serves no deployment at all` }
  }
  return Date.parse(live.createdAt) >= Date.parse(appliedAt)
    ? {
        code: 'code_changed',
        ok: true,
        message: `code changed during the soak: ${target} serves the newer deployment ${live.id}`
      }
    : {
        code: 'deployment_replaced',
        ok: false,
        message: `${target} serves ${live.id}, not the phase's deployment ${wanted.id}`
      }
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
