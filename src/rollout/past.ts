import { formatDuration } from './duration.ts'
import { InputError } from './rollgate-error.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LONGEST_MS = 400 * DAY_MS
/** Whoever gives an instant may have another clock than the database. */
const SKEW_MS = 60_000

/** A moment of the past as a person gives it: an instant (ISO 8601), or how long ago it was. */
export type PastMoment =
  | { readonly kind: 'instant'; readonly at: string }
  | { readonly kind: 'ago'; readonly ms: number }

/** Milliseconds since the epoch, when it is `nowMs`. */
export function momentMs(moment: PastMoment, nowMs: number): number {
  return moment.kind === 'instant' ? Date.parse(moment.at) : nowMs - moment.ms
}

/** What is to come cannot be judged. @throws InputError (`window_invalid`) */
export function refuseFuture(input: 'since' | 'until', atMs: number, nowMs: number): void {
  const problems = futureProblem(input, atMs, nowMs)
  if (problems.length > 0) throw invalid(problems)
}

/** Some past: from a whole hour to an instant that late rows have reached. */
export interface PastSpan {
  readonly fromMs: number
  readonly untilMs: number
}

/** How a person bounds the past that is walked. */
export interface PastBounds {
  readonly since: PastMoment
  /** As late as the grace allows when absent. */
  readonly until?: PastMoment | undefined
}

/**
 * The past between two moments. A span begins at the whole hour before, so that it is never shorter than
 * it was asked for; an instant at the whole hour after, so that nothing older is looked at.
 * @throws InputError (`window_invalid`) naming every mistake when it is none: in the future, shorter
 * than an hour, or more than 400 days back
 */
export function pastSpan({ since, until }: PastBounds, nowMs: number, graceMs: number): PastSpan {
  const latestMs = nowMs - graceMs
  const toMs = until === undefined ? latestMs : momentMs(until, nowMs)
  const sinceMs = momentMs(since, since.kind === 'ago' ? latestMs : nowMs)
  const untilMs = Math.min(toMs, latestMs)
  const round = since.kind === 'ago' ? Math.floor : Math.ceil
  const fromMs = round(sinceMs / HOUR_MS) * HOUR_MS
  const future = [...futureProblem('since', sinceMs, nowMs), ...futureProblem('until', toMs, nowMs)]
  const problems = future.length > 0 ? future : lengthProblems({ sinceMs, fromMs, untilMs, nowMs })
  if (problems.length > 0) throw invalid(problems)
  return { fromMs, untilMs }
}

function lengthProblems(span: PastSpan & { sinceMs: number; nowMs: number }): readonly string[] {
  const { sinceMs, fromMs, untilMs, nowMs } = span
  if (nowMs - sinceMs > LONGEST_MS + HOUR_MS) {
    return [`since is ${formatDuration(nowMs - sinceMs)} ago. Fix: go back 400d at most.`]
  }
  if (untilMs - Math.max(sinceMs, fromMs) >= HOUR_MS) return []
  const [from, to] = [sinceMs, untilMs].map(minute)
  return [
    `there is no whole hour to look at from ${from} to ${to}. Fix: begin earlier, as 30d ago.`
  ]
}

function futureProblem(input: string, atMs: number, nowMs: number): readonly string[] {
  return atMs <= nowMs + SKEW_MS
    ? []
    : [
        `${input} lies in the future: ${minute(atMs)}, and the database has ${minute(nowMs)}. Fix: name a moment of the past, as 30d or 2026-01-31T08:00:00Z.`
      ]
}

function minute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`
}

function invalid(problems: readonly string[]): InputError {
  return new InputError(
    'window_invalid',
    problems.join('\n'),
    'Correct since and until; nothing was judged.'
  )
}
