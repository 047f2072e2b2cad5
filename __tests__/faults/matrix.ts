import { isDeepStrictEqual } from 'node:util'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import type { LoggedRequest } from '../../src/rehearsal/http/server.ts'
import type { VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { RollgateError } from '../../src/rollout/rollgate-error.ts'
import { type Misfortune, misfortunesOf, nameOf, type Step, type Trouble } from './trouble.ts'

/** What a case leaves behind, without ids and times. */
export interface Standing {
  /** Flags by target, what serves there, and whatever else a customer or another target could notice. */
  readonly world: unknown
  /** What the ledger has come to; undefined where there is none. */
  readonly record?: unknown
}

/** That an operation is unfinished, is known and told, and nothing of it is half in effect. */
export interface Excuse {
  readonly why: string
  /** It needs no misfortune that lasts. */
  readonly evenOnce: boolean
}

/** What a run threw; undefined when it threw nothing. */
export type Failure = { readonly error: unknown } | undefined

/** One operation in a fresh world. */
export interface Subject {
  readonly simulator: VercelSimulator
  readonly trouble: Trouble
  /** The operation, in whatever weather there is. */
  run(): Promise<unknown>
  /** What a person does who read the message: the operation again, in good weather. */
  again(): Promise<unknown>
  /** After everything that was begun has come to its end. */
  standing(): Promise<Standing>
  /** Why the world may stay as it is until somebody runs the operation again; undefined: it may not. */
  excuse(): Promise<Excuse | undefined>
  /** What must not be, however the operation ended; asked after each run. */
  wrong?(failure: Failure): string | undefined
  /** Everything that was said through the log. */
  readonly lines: readonly string[]
  /** Must show up in no message. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export interface Scenario {
  readonly name: string
  open(): Promise<Subject>
  /** Which requests are struck; all unless told. */
  readonly only?: (step: Step, index: number, steps: readonly Step[]) => boolean
  /** What happens to each of them; everything unless told. */
  readonly misfortunes?: (step: Step) => readonly Misfortune[]
}

type Ending = 'converged' | 'as before' | 'failed safe'

const ENDINGS: readonly Ending[] = ['converged', 'as before', 'failed safe']

const WIDTH = 48

type Tally = Readonly<Record<Ending, number>>

const NONE: Tally = { converged: 0, 'as before': 0, 'failed safe': 0 }

/**
 * Runs the operation once in good weather, notes its requests and what it comes to, and makes a test of
 * each request: whatever happens to it, the operation ends as it did in good weather, or fails with
 * everything as before and with a message that says what to do. What lasts may leave it unfinished, but
 * never half in effect, and run again in good weather it comes to its end.
 */
export async function testMatrix(scenario: Scenario): Promise<void> {
  const { steps, before, undisturbed } = await rehearse(scenario)
  const struck = steps.filter(scenario.only ?? (() => true))
  const misfortunes = scenario.misfortunes ?? misfortunesOf
  const tallies = new Map<string, Tally>()
  const cases = struck.reduce((sum, step) => sum + misfortunes(step).length, 0)

  describe(`${scenario.name}: ${cases} cases`, () => {
    jest.setTimeout(60_000)
    afterAll(() => {
      process.stdout.write(tableOf(scenario.name, struck.length, tallies))
    })
    test.each(struck.map(step => [`${step.method} ${step.path}`, step] as const))(
      '%s meets every misfortune',
      async (_, step) => {
        const problems: string[] = []
        for (const misfortune of misfortunes(step)) {
          const trial = { scenario, step, misfortune, before, undisturbed }
          const ending = await endingOf(trial).catch(error => new Problem(String(error.stack)))
          if (ending instanceof Problem) problems.push(`${nameOf(misfortune)}: ${ending.text}`)
          else count(tallies, nameOf(misfortune), ending)
        }
        expect(problems).toEqual([])
      }
    )
  })
}

async function rehearse(scenario: Scenario) {
  const subject = await scenario.open()
  try {
    const before = await subject.standing()
    const first = subject.simulator.requests.length
    await subject.run()
    const steps = stepsOf(subject.simulator.requests.slice(first))
    const undisturbed = await subject.standing()
    return { steps, before, undisturbed }
  } finally {
    await subject.close()
  }
}

function stepsOf(requests: readonly LoggedRequest[]): readonly Step[] {
  const seen = new Map<string, number>()
  return requests.map(({ method, path, body, headers }, index) => {
    const nth = (seen.get(`${method} ${path}`) ?? 0) + 1
    seen.set(`${method} ${path}`, nth)
    const { value } = ([body].flat()[0] ?? {}) as { readonly value?: string }
    const byCli = headers['user-agent']?.startsWith('vercel') === true
    return { method, path, nth, place: index + 1, byCli, value }
  })
}

interface Trial {
  readonly scenario: Scenario
  readonly step: Step
  readonly misfortune: Misfortune
  readonly before: Standing
  readonly undisturbed: Standing
}

/** What a case must not end as. */
class Problem {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

async function endingOf(trial: Trial): Promise<Ending | Problem> {
  const subject = await trial.scenario.open()
  try {
    subject.trouble.begin(trial.step, trial.misfortune)
    const failure = await subject.run().then(
      () => undefined,
      (error: unknown) => ({ error })
    )
    subject.trouble.end()
    const wrong = subject.wrong?.(failure)
    if (wrong !== undefined) return new Problem(`${wrong} (${told(failure)})`)
    const standing = await subject.standing()
    const ending = await judge(trial, subject, failure, standing)
    if (ending instanceof Problem || ending === 'converged') return ending
    await subject.again()
    const after = await subject.standing()
    const wrongAfter = subject.wrong?.(undefined)
    if (wrongAfter !== undefined) return new Problem(`run again, ${wrongAfter}`)
    return isDeepStrictEqual(after.world, trial.undisturbed.world)
      ? ending
      : new Problem(`failed (${told(failure)}), and run again came to ${text(after)}`)
  } finally {
    await subject.close()
  }
}

async function judge(
  { misfortune, before, undisturbed }: Trial,
  subject: Subject,
  failure: Failure,
  standing: Standing
): Promise<Ending | Problem> {
  const log = subject.lines.join('\n')
  const shown = subject.secrets.filter(secret => log.includes(secret))
  if (shown.length > 0) return new Problem(`the log shows ${shown}: ${log}`)
  if (failure === undefined) {
    return isDeepStrictEqual(standing, undisturbed)
      ? 'converged'
      : new Problem(`told no failure and came to ${text(standing)}`)
  }
  const flaw = flawOf(failure.error, subject.secrets)
  if (flaw !== undefined) return new Problem(flaw)
  const excuse = await subject.excuse()
  const closed = excuse === undefined || standing.record === undefined
  if (closed && isDeepStrictEqual(standing.world, before.world)) return 'as before'
  if (excuse?.evenOnce || (excuse && misfortune.span !== 'once')) return 'failed safe'
  return new Problem(`failed (${told(failure)}, ${excuse?.why}) and left ${text(standing)}`)
}

/** What is wrong with the message of a failure; undefined when a person can go on from it. */
function flawOf(error: unknown, secrets: readonly string[]): string | undefined {
  if (!(error instanceof RollgateError)) {
    return `threw ${error instanceof Error ? error.stack : String(error)}`
  }
  const { code, message, remedy, cause } = error
  const words = [code, message, remedy, String(cause ?? '')].join(' ')
  const shown = secrets.filter(secret => words.includes(secret))
  if (shown.length > 0) return `the message shows ${shown}: ${words}`
  if (!/^[a-z_]+$/u.test(code) || message === '' || remedy === '')
    return `says too little: ${words}`
  return undefined
}

function told(failure: Failure): string {
  const { error } = failure ?? {}
  return error instanceof RollgateError ? `${error.code}: ${error.message}` : String(error)
}

const text = (standing: Standing): string => JSON.stringify(standing)

function count(tallies: Map<string, Tally>, name: string, ending: Ending): void {
  const tally = tallies.get(name) ?? NONE
  tallies.set(name, { ...tally, [ending]: tally[ending] + 1 })
}

function tableOf(name: string, requests: number, tallies: ReadonlyMap<string, Tally>): string {
  const rows = [...tallies].map(([misfortune, tally]) => [misfortune, tally] as const)
  const sum = (ending: Ending) => rows.reduce((total, [, tally]) => total + tally[ending], 0)
  const totals = {
    converged: sum('converged'),
    'as before': sum('as before'),
    'failed safe': sum('failed safe')
  }
  const line = (title: string, tally: Tally): string => {
    const cells = [ENDINGS.reduce((total, ending) => total + tally[ending], 0)]
    return [
      title.padEnd(WIDTH),
      ...[...cells, ...ENDINGS.map(ending => tally[ending])].map(n => String(n).padStart(12))
    ].join('')
  }
  const head = ['cases', ...ENDINGS].map(title => title.padStart(12)).join('')
  return [
    `${name}: ${requests} requests`.padEnd(WIDTH) + head,
    ...rows.map(([misfortune, tally]) => line(`  ${misfortune}`, tally)),
    line('  all', totals),
    ''
  ].join('\n')
}
