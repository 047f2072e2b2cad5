import * as z from 'zod'
import type { JudgingFrame } from './judge.ts'
import type { Sight } from './sight.ts'

/** What is kept of a look, beside its event, so that its verdicts can be reached again. */
export interface KeptLook {
  /** The instant that everything was measured to, ISO 8601. */
  readonly now: string
  readonly sight: Sight
  /** What the criteria were judged by. */
  readonly frame: JudgingFrame
}

const instant = z.iso.datetime()

const row = z.strictObject({
  bucket: instant,
  hits: z.number(),
  total: z.exactOptional(z.number()),
  latest: z.exactOptional(instant),
  from: z.exactOptional(z.string()),
  to: z.exactOptional(z.string()),
  waiting: z.exactOptional(z.number()),
  oldest: z.exactOptional(instant)
})

const answer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answered'),
    rows: z.array(row),
    whole: z.exactOptional(z.strictObject({ hits: z.number(), total: z.number() }))
  }),
  z.strictObject({
    kind: z.literal('unanswered'),
    code: z.string(),
    message: z.string(),
    remedy: z.string()
  })
])

const reading = z.strictObject({
  databaseNow: instant,
  version: z.string(),
  snapshot: z.string(),
  since: instant,
  until: instant,
  answers: z.record(z.string(), answer),
  digests: z.record(z.string(), z.string())
})

const frame = z.strictObject({
  horizonMs: z.number(),
  checkpointMs: z.number().optional()
})

const keptLook = z.union([
  z.strictObject({ now: instant, frame, asked: instant, answered: instant, reading }),
  z.strictObject({
    now: instant,
    frame,
    blindness: z.strictObject({ code: z.string(), message: z.string() })
  })
])

/** Where a look keeps it, given its own folder. */
export function readingPath(folder: string): string {
  return `${folder}/reading.json`
}

/** The text of a `reading.json`. */
export function renderKeptLook({ now, frame: judged, sight }: KeptLook): string {
  const seen =
    sight.kind === 'seen'
      ? { asked: iso(sight.askedMs), answered: iso(sight.answeredMs), reading: sight.reading }
      : { blindness: sight.blindness }
  return `${JSON.stringify({ now, frame: judged, ...seen }, null, 1)}\n`
}

/** What a `reading.json` holds; undefined when it is none. */
export function parseKeptLook(text: string): KeptLook | undefined {
  const { data } = keptLook.safeParse(parseJson(text))
  if (data === undefined) return undefined
  const { now, frame: kept } = data
  const sight: Sight =
    'reading' in data
      ? {
          kind: 'seen',
          reading: data.reading,
          askedMs: Date.parse(data.asked),
          answeredMs: Date.parse(data.answered)
        }
      : { kind: 'blind', blindness: data.blindness }
  return {
    now,
    sight,
    frame: { horizonMs: kept.horizonMs, checkpointMs: kept.checkpointMs }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
