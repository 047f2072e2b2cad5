import type { EventRow } from '../../src/rehearsal/traffic/event-row.ts'
import { DEFAULT_SEED, TRAFFIC, type TrafficName } from '../../src/rehearsal/traffic/scenarios.ts'
import { createTraffic, type LiveTarget } from '../../src/rehearsal/traffic/traffic.ts'

export const hourMs = 60 * 60_000
export const dayMs = 24 * hourMs
/** The Monday morning on which rehearsals begin. */
export const startMs = Date.UTC(2026, 0, 5, 8)

const active = { FEATURE_ASSIGNMENT_PIPELINE_V3: 'true' }
const shadow = {
  FEATURE_ASSIGNMENT_PIPELINE_V3: 'false',
  FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW: 'true'
}

export const live = {
  activePreview: { target: 'preview', flags: active },
  shadowPreview: { target: 'preview', flags: shadow },
  active: { target: 'production', flags: active },
  shadow: { target: 'production', flags: shadow },
  legacy: { target: 'production', flags: {} }
} as const satisfies Record<string, LiveTarget>

/** One target's rows of some days, from `startMs` on. */
export function days(name: TrafficName, target: LiveTarget, count: number): readonly EventRow[] {
  const traffic = createTraffic({ seed: DEFAULT_SEED, scenario: TRAFFIC[name], startMs })
  return traffic.between(startMs, startMs + count * dayMs, [target])
}

export function ofType(rows: readonly EventRow[], type: string): readonly EventRow[] {
  return rows.filter(row => row.event_type === type)
}

/** How bookings ended under the coordinator, in order. */
export function endings(rows: readonly EventRow[]): readonly EventRow[] {
  return rows.filter(row =>
    /^coordinator\.(?:confirmed|manual_review|error)$/u.test(row.event_type)
  )
}

export function share(part: readonly unknown[], whole: readonly unknown[]): number {
  return part.length / whole.length
}
