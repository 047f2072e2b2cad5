import type { Readable, Writable } from 'node:stream'
import { cancel, confirm, intro, isCancel, note, select, text } from '@clack/prompts'
import { answerProblem } from './adoption/answers.ts'
import type { Place } from './adoption/ports.ts'
import {
  assumedAnswers,
  type Given,
  nextQuestion,
  type Question,
  splitAnswer
} from './adoption/questions.ts'
import { InputError } from './rollout/rollgate-error.ts'

/** Where a person reads and types. */
export interface Terminal {
  readonly input: Readable
  readonly output: Writable
}

/**
 * Asks a person at a terminal every question that is still open, and shows what is assumed.
 * @throws InputError (`init_cancelled`)
 */
export async function askAnswers(
  given: Given,
  place: Place,
  dryRun: boolean,
  terminal: Terminal
): Promise<Given> {
  intro('rollgate init', terminal)
  let answers = given
  for (;;) {
    const next = nextQuestion(answers, place)
    if (next === undefined) break
    const answer = await ask(next.question, next.fallback, terminal)
    answers = { ...answers, [next.question.name]: answer }
  }
  const assumed = assumedAnswers(answers, place)
  if (assumed.length > 0) note(assumed.join('\n'), 'Assumed; the option changes it', terminal)
  if (dryRun) return answers
  const go = await confirm({ message: 'Write the files?', ...terminal })
  if (go === true) return answers
  throw cancelled(terminal)
}

async function ask(
  question: Question,
  fallback: readonly string[] | undefined,
  terminal: Terminal
): Promise<readonly string[]> {
  const { name, asks, optional = false } = question
  if (name === 'gate') return [known(await askGate(asks, terminal), terminal)]
  const written = await text({
    ...terminal,
    message: `${asks}${question.several ? ' (with spaces between)' : ''}${optional ? ' (empty: unknown)' : ''}`,
    initialValue: fallback?.join(' ') ?? '',
    validate: typed => {
      const answer = splitAnswer(question, typed ?? '')
      return optional && answer.length === 0 ? undefined : answerProblem(name, answer)
    }
  })
  return splitAnswer(question, known(written, terminal))
}

function askGate(message: string, terminal: Terminal) {
  return select({
    ...terminal,
    message,
    options: [
      {
        value: 'environment',
        label: 'reviewers',
        hint: 'public repositories, and private ones on GitHub Enterprise'
      },
      { value: 'dispatch', label: 'dispatch', hint: 'weaker; works on every plan' }
    ]
  })
}

function known(answer: string | symbol, terminal: Terminal): string {
  if (isCancel(answer)) throw cancelled(terminal)
  return String(answer)
}

function cancelled(terminal: Terminal): InputError {
  cancel('Nothing was written.', terminal)
  return new InputError(
    'init_cancelled',
    'rollgate init was cancelled, and nothing was written.',
    'Run it again; every question can also be answered by an option, see --help.'
  )
}
