import * as z from 'zod'
import type { Judgement } from '../rollout/events.ts'

/**
 * What verdict/ found, as it comes back from the ledger: JSON of this or of another version, in
 * which an infinite number has become null. What cannot be read is left out, never guessed.
 */

const count = z.int().nonnegative()
const share = z.number().min(0).max(1)

const segment = z.object({
  component: z.enum(['L1', 'L2']),
  start: count,
  good: count,
  all: count
})

const control = z.object({ alive: z.boolean(), expected: count, withEvents: count })

const recordedFinding = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('proportion'),
    good: count,
    all: count,
    hits: count,
    logE: z.number().optional().catch(undefined),
    logG: z.number().optional().catch(undefined),
    segment: segment.optional().catch(undefined),
    needs: count.optional().catch(undefined),
    toRed: count.optional().catch(undefined),
    /** Of the good share, whichever side the definition counts. */
    sequence: z.tuple([share, share]).optional().catch(undefined)
  }),
  z.object({
    kind: z.literal('zero-tolerance'),
    events: count,
    noun: z.enum(['event', 'issue']).catch('event'),
    control: control.optional().catch(undefined)
  }),
  z.object({
    kind: z.literal('sustained'),
    events: count,
    bucketsWithErrors: count,
    control: control.optional().catch(undefined)
  }),
  z.object({
    kind: z.literal('value'),
    /** Null when nothing was measured. */
    value: z.number().nullable(),
    samples: count,
    buckets: count,
    bucketsBeyondRed: count,
    needs: count.optional().catch(undefined)
  }),
  z.object({
    kind: z.literal('state-machine'),
    transitions: count,
    illegal: count,
    /** Absent where nobody can be stuck. */
    waiting: count.optional().catch(undefined),
    oldestMinutes: z.number().nonnegative().optional().catch(undefined),
    control: control.optional().catch(undefined)
  })
])

/** Nothing was counted, or nothing that this version can read. */
export interface NoFinding {
  readonly kind: 'none'
}

export type RecordedFinding = Readonly<z.infer<typeof recordedFinding>> | NoFinding
export type RecordedProportion = Extract<RecordedFinding, { kind: 'proportion' }>
export type RecordedValue = Extract<RecordedFinding, { kind: 'value' }>
export type RecordedStateMachine = Extract<RecordedFinding, { kind: 'state-machine' }>

/** The numbers behind a judgement; none when it is an error, whose zeros mean nothing. */
export function readFinding({ verdict, finding }: Judgement): RecordedFinding {
  const parsed = recordedFinding.safeParse(finding)
  return parsed.success && verdict !== 'error' ? parsed.data : { kind: 'none' }
}
