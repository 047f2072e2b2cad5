import type { VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { EXIT_KILLED, type VercelCli } from '../../src/vercel/command-line.ts'

/** One request of a run, which another run of the same operation finds again. */
export interface Step {
  readonly method: string
  readonly path: string
  /** The how manieth request of that method and path, from 1. */
  readonly nth: number
  /** Its place among all requests of the run, from 1. */
  readonly place: number
  /** Sent by the CLI, not by us. */
  readonly byCli: boolean
  /** What its body holds of a flag's value, which a provider may quote. */
  readonly value: string | undefined
}

export type Effect = '429' | '500' | '403' | 'timeout' | 'reset' | 'garble'

/** What happens to a request. */
export interface Misfortune {
  readonly effect: Effect
  /** Whether the request has had its effect by then. */
  readonly when: 'before' | 'after'
  /** `lasting`: it and every later request like it; `outage`: it and every later request of any kind. */
  readonly span: 'once' | 'lasting' | 'outage'
}

/** `500 after, lasting` */
export function nameOf({ effect, when, span }: Misfortune): string {
  const after = when === 'after' ? ' after the effect' : ''
  return `${effect}${after}${span === 'once' ? '' : `, ${span}`}`
}

export const once = (effect: Effect, when: Misfortune['when'] = 'before'): Misfortune => ({
  effect,
  when,
  span: 'once'
})
const lasting = (effect: Effect): Misfortune => ({ effect, when: 'before', span: 'lasting' })

const READING: readonly Misfortune[] = [
  once('429'),
  once('500'),
  once('timeout'),
  once('reset'),
  once('garble'),
  once('403'),
  lasting('429'),
  lasting('500'),
  lasting('403'),
  lasting('timeout'),
  { effect: '500', when: 'before', span: 'outage' }
]

export const CHANGING: readonly Misfortune[] = [
  ...READING,
  once('500', 'after'),
  once('timeout', 'after'),
  once('reset', 'after'),
  once('garble', 'after')
]

/** Everything that can happen to a request of that kind; a read has no effect that could come before. */
export function misfortunesOf({ method }: Step): readonly Misfortune[] {
  return method === 'GET' ? READING : CHANGING
}

/** Without what lasts by itself: that of an outage is enough where a variant of an operation is tried. */
export function briefOf(step: Step): readonly Misfortune[] {
  return misfortunesOf(step).filter(({ span }) => span !== 'lasting')
}

/** What an answer was to. */
export interface Answered {
  readonly method: string
  readonly path: string
  readonly status: number
}

/** Stands between one adapter and the provider, and lets one request meet its misfortune. */
export interface Trouble {
  /** From now on; requests are counted from here. */
  begin(step: Step, misfortune: Misfortune): void
  end(): void
  /** Hears of every answer that reached the adapter by `fetch`. */
  onAnswer(listener: (answered: Answered) => void): void
  readonly fetch: typeof globalThis.fetch
  /** The CLI, which is killed at its limit when its request is not answered. */
  wrap(cli: VercelCli): VercelCli
}

export function createTrouble(simulator: VercelSimulator, secret: string): Trouble {
  let silent: (method: string, path: string) => Misfortune['when'] | undefined = () => undefined
  const listeners: ((answered: Answered) => void)[] = []
  return {
    begin: (step, misfortune) => {
      if (misfortune.effect === 'timeout') silent = silence(step, misfortune)
      else injectAt(simulator, step, misfortune, secret)
    },
    end: () => {
      silent = () => undefined
      simulator.faults.clear()
    },
    onAnswer: listener => void listeners.push(listener),
    fetch: async (input, init) => {
      const method = init?.method ?? 'GET'
      const path = new URL(String(input)).pathname
      const when = silent(method, path)
      if (when === 'before') throw noAnswer()
      const response = await fetch(input, init)
      if (when === 'after') throw noAnswer()
      for (const hear of listeners) hear({ method, path, status: response.status })
      return response
    },
    wrap: cli => async args => {
      const when = silent('POST', '/v13/deployments')
      if (when !== 'before') {
        const run = await cli(args)
        if (when === undefined) return run
      }
      return { exitCode: EXIT_KILLED, stdout: '', stderr: '' }
    }
  }
}

/** What the platform throws when nobody answered within the limit; nobody has to wait for that here. */
function noAnswer(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError')
}

function silence(step: Step, { when, span }: Misfortune) {
  let seen = 0
  return (method: string, path: string) => {
    if (method !== step.method || path !== step.path) return undefined
    seen += 1
    return seen === step.nth || (span === 'lasting' && seen > step.nth) ? when : undefined
  }
}

function injectAt(
  simulator: VercelSimulator,
  step: Step,
  { effect, when, span }: Misfortune,
  secret: string
): void {
  const everything = span === 'outage'
  const where = everything
    ? { path: /./u }
    : { method: step.method, path: new RegExp(`^${step.path}$`, 'u') }
  const earlier = (everything ? step.place : step.nth) - 1
  const pass = { kind: 'delay', ms: 0 } as const
  if (earlier > 0) simulator.faults.inject({ ...where, times: earlier, effect: pass })
  const times = span === 'once' ? 1 : Number.POSITIVE_INFINITY
  const message = span === 'once' ? quotation(step, secret) : 'no'
  simulator.faults.inject({ ...where, times, when, effect: effectOf(effect, message) })
}

/** A provider that quotes what it was sent; the credentials of the CLI are not ours to hide here. */
function quotation({ method, path, value }: Step, secret: string): string {
  const ours = method !== 'POST' || !path.endsWith('/deployments')
  return `${ours ? `Bearer ${secret}` : 'Somebody'} sent ${value ?? 'nothing'}`
}

function effectOf(effect: Effect, message: string) {
  switch (effect) {
    case 'reset':
    case 'timeout':
      return { kind: 'drop' } as const
    case 'garble':
      return { kind: 'garble' } as const
    default:
      return {
        kind: 'answer',
        status: Number(effect),
        body: { error: { code: 'misfortune', message } },
        ...(effect === '429' ? { headers: { 'retry-after': '7' } } : {})
      } as const
  }
}
