import { styleText } from 'node:util'
import type { Gate, Phase } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import type { LookBody } from '../rollout/events.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import type { Onlooker } from './rehearse.ts'
import type { Scenario } from './scenario.ts'

export interface Narrator extends Onlooker {
  opens(scenario: Scenario): void
  closes(state: State, folder: string): void
}

type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold'

const BAR_WIDTH = 24

/**
 * Tells a rehearsal line by line: checkpoints, decisions and whatever changes; a terminal also gets
 * a bar of virtual time. Without a stream it says nothing.
 */
export function createNarrator(stream: NodeJS.WriteStream | undefined): Narrator {
  const { say, bar, paint } = createPage(stream)
  let phase: Phase | undefined
  let previous: LookBody | undefined

  return {
    opens: ({ name, shows }) => say(`${paint('bold', `Rehearsal: ${name}`)} (${shows})`),
    phaseBegins: (next, nowMs) => {
      phase = next
      previous = undefined
      const gate = next.gate ? `, ${gateText(next.gate)}` : ''
      say(`\n${clockText(nowMs)}  ${paint('bold', next.name)} on ${next.target}${gate}`)
    },
    phaseIsLive: (_phase, url) => say(`${' '.repeat(18)}live at ${url}`),
    looked: look => {
      if (isWorthTelling(look, previous)) say(lookText(look, paint))
      if (look.decision === 'rollback') say(shownText(look))
      previous = look
    },
    timePassed: (nowMs, state) => bar(barText(phase, nowMs, state)),
    mishap: ({ kind }, nowMs) => say(paint('yellow', `${clockText(nowMs)}  ${MISHAP_TEXT[kind]}`)),
    closes: (state, folder) => say(`\n${endText(state, paint)}\nResults: ${folder}`)
  }
}

function gateText(gate: Gate): string {
  return gate.mode === 'environment' ? `gate ${gate.environment}` : 'gate: a second person'
}

const MISHAP_TEXT = {
  'flag-changed-by-hand': 'somebody changes a flag in the dashboard',
  'database-unreachable': 'the database becomes unreachable'
} as const

type Paint = (colour: Colour, text: string) => string

function createPage(stream: NodeJS.WriteStream | undefined) {
  const live = stream?.isTTY === true
  const coloured = live && stream.hasColors()
  const clear = live ? '\r\u001b[2K' : ''
  return {
    say: (line: string): void => void stream?.write(`${clear}${line}\n`),
    bar: (line: string): void => {
      if (live) stream.write(`${clear}${line}`)
    },
    paint: (colour: Colour, text: string): string => (coloured ? styleText(colour, text) : text)
  }
}

function isWorthTelling(look: LookBody, previous: LookBody | undefined): boolean {
  const answered = worstVerdict(look.judgements) !== 'error'
  if (answered && look.checkpoints.length > 0) return true
  if (look.decision === 'promote' || look.decision === 'rollback') return true
  return look.decision !== previous?.decision || look.rule !== previous.rule
}

function lookText(look: LookBody, paint: Paint): string {
  const what = look.purpose === 'watch' ? 'watch' : look.checkpoints.join(', ') || 'sentinel'
  const verdict = worstVerdict(look.judgements)
  const decision = look.purpose === 'watch' ? look.rule : look.decision
  const told = EXPLAINED.has(decision) ? ` because ${look.reason}` : ''
  const line = `${clockText(Date.parse(look.at))}  ${what.padEnd(10)} ${verdict.padEnd(12)} ${decision}${told}`
  return paint(COLOURS[decision] ?? 'dim', line)
}

/** What the hand-run procedure would have seen at that moment. */
function shownText({ shown = [] }: LookBody): string {
  return shown
    .map(({ label, hits, total }) => {
      const share = ((100 * hits) / total).toFixed(1)
      return `${' '.repeat(18)}shown beside it: ${label}: ${share}% (${hits} of ${total})`
    })
    .join('\n')
}

/** The others speak for themselves: every criterion passes, or nothing is decided yet. */
const EXPLAINED: ReadonlySet<string> = new Set(['hold', 'rollback', 'watch-red', 'watch-over'])

const COLOURS: Readonly<Record<string, Colour>> = {
  promote: 'green',
  hold: 'yellow',
  rollback: 'red',
  'watch-pass': 'green',
  'watch-red': 'red'
}

function clockText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

function barText(phase: Phase | undefined, nowMs: number, state: State): string {
  const current = currentPhase(state)
  if (phase === undefined || current?.since === undefined) return clockText(nowMs)
  const passed = nowMs - Date.parse(current.since)
  const share = Math.min(1, passed / phase.soakMs)
  const done = Math.round(share * BAR_WIDTH)
  const drawn = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done)
  return `${clockText(nowMs)}  ${drawn} ${formatDuration(passed)} of ${formatDuration(phase.soakMs)}`
}

function endText(state: State, paint: Paint): string {
  const colour = state.status === 'promoted' ? 'green' : state.status === 'held' ? 'yellow' : 'red'
  const why = state.hold?.reason ?? state.rollback?.intent.reason
  return paint(colour, `${state.status}${why === undefined ? '' : `: ${why}`}`)
}
