import * as z from 'zod'
import { nameSchema } from '../rollout/definition-schema.ts'
import { parseDuration } from '../rollout/duration.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import type { Given, QuestionName } from './questions.ts'

/** Everything that the written files and the settings on GitHub follow from. */
export interface Answers {
  readonly name: string
  readonly owner: string
  /** `owner/name` on GitHub. */
  readonly repository: string
  readonly flags: readonly FlagAnswer[]
  readonly vercel: { readonly orgId: string; readonly projectId: string }
  /** GitHub environments with the secrets, by target. */
  readonly keys: { readonly preview: string; readonly production: string }
  readonly databaseSecret: string
  readonly events: EventAnswers
  readonly unitsPerDay: number | undefined
  /** One duration for each phase, as `48h`. */
  readonly soaks: readonly string[]
  readonly gate: GateAnswer
  readonly timeZone: string
  /** The default branch. */
  readonly branch: string
  /** `owner/rollgate@<commit>`. */
  readonly action: string
}

export interface FlagAnswer {
  readonly name: string
  readonly on: string
  readonly off: string
  /** The value in phases in which the new code runs and must stay silent. */
  readonly shadow: string
}

export interface EventAnswers {
  readonly source: string
  readonly start: string
  readonly good: readonly string[]
  readonly bad: readonly string[]
  readonly errors: readonly string[]
}

export type GateAnswer =
  | { readonly mode: 'environment'; readonly reviewers: readonly string[] }
  | { readonly mode: 'dispatch'; readonly allow: readonly string[] }

/** Whether there are phases in which the new code runs along and must stay silent. */
export function hasShadowPhases({ flags }: Pick<Answers, 'flags'>): boolean {
  return flags.some(({ off, shadow }) => shadow !== off)
}

const line = z
  .string()
  .trim()
  .min(1, { error: 'is empty → write something' })
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u, { error: 'has more than one line → write one' })

const matching = (pattern: RegExp, problem: string, example: string) =>
  line.regex(pattern, { error: `${problem} → write it like ${example}` })

const one = <Schema extends z.ZodType<unknown, string>>(schema: Schema) =>
  z
    .array(z.string())
    .min(1, { error: 'is empty → write something' })
    .max(1, { error: 'is given more than once → give it once' })
    .transform(([text = '']) => text)
    .pipe(schema)

const many = <Schema extends z.ZodType<unknown, string>>(schema: Schema) =>
  z
    .array(schema)
    .min(1, { error: 'is empty → give at least one' })
    .refine(all => new Set(all.map(String)).size === all.length, {
      error: 'is given twice with the same value → give each once'
    })

const login = /^[A-Za-z\d](?:[A-Za-z\d]|-(?=[A-Za-z\d])){0,38}$/u
const team = /^[A-Za-z\d][A-Za-z\d-]{0,38}\/[\w.-]+$/u

const eventType = matching(/^[\w.:/-]+$/u, 'is not an event type', 'checkout.paid')
const vercelId = matching(/^\w+$/u, 'is not an id of Vercel', 'team_a1B2c3 or prj_a1B2c3')

const flag = line.transform((text, context): FlagAnswer => {
  const [, name = '', values = ''] = /^([A-Za-z_]\w*)=(.*)$/u.exec(text) ?? []
  const [on = '', off = '', shadow = off, ...more] = values.split('/')
  if (on === '' || off === '' || shadow === '' || more.length > 0) {
    context.addIssue('is no flag → write NAME=on/off, as FEATURE_X=true/false')
  } else if (on === off && shadow === off) {
    context.addIssue('never changes → give it different values on and off')
  }
  return { name, on, off, shadow }
})

const soak = line.refine(text => (parseDuration(text) ?? 0) > 0, {
  error: 'is no duration → write a number and a unit, as 30m, 48h, 7d'
})

const timeZone = line.refine(isTimeZone, {
  error: 'is not a time zone → write an IANA name, as Europe/London'
})

/** Each question's own rules, by its name. */
const SCHEMAS = {
  name: one(nameSchema),
  owner: one(line),
  repository: one(
    matching(/^[A-Za-z\d][A-Za-z\d-]{0,38}\/[\w.-]+$/u, 'is not a repository', 'acme/shop')
  ),
  flag: z.array(flag).min(1, { error: 'is empty → give at least one' }),
  'vercel-org-id': one(vercelId),
  'vercel-project-id': one(vercelId),
  'preview-keys': one(nameSchema),
  'production-keys': one(nameSchema),
  // GitHub refuses secrets whose names begin with its own.
  'database-secret': one(
    matching(
      /^(?!GITHUB_)[A-Z_][A-Z\d_]*$/u,
      'is not the name of a secret; only its NAME is asked for, never a connection string',
      'DATABASE_URL'
    )
  ),
  'event-source': one(line),
  'start-event': one(eventType),
  'good-ending': many(eventType),
  'bad-ending': many(eventType),
  'error-event': many(eventType),
  'units-per-day': z
    .array(matching(/^[1-9]\d{0,8}$/u, 'is not a number of units', '27'))
    .max(1, { error: 'is given more than once → give it once' }),
  soak: z.array(soak),
  gate: one(z.enum(['environment', 'dispatch'], { error: 'is no gate → environment, dispatch' })),
  reviewer: many(
    line.refine(text => login.test(text) || team.test(text), {
      error: 'is neither a login nor a team → write octocat or acme/booking'
    })
  ).max(6, { error: 'is given too often, and GitHub takes six at most → name a team' }),
  allow: many(line.regex(login, { error: 'is not a login → write it like octocat' })),
  'time-zone': one(timeZone),
  branch: one(matching(/^(?![-/.])[\w./-]+(?<![/.])$/u, 'is not the name of a branch', 'main')),
  action: one(
    matching(
      /^[A-Za-z\d][A-Za-z\d-]*\/[\w.-]+@[\da-f]{40}$/u,
      'is not an action at a commit',
      'acme/rollgate@ and the 40 digits of the commit'
    )
  )
} satisfies Record<QuestionName, z.ZodType<unknown, readonly string[]>>

/** What is wrong with the answer to one question, in a sentence; undefined when nothing is. */
export function answerProblem(name: QuestionName, texts: readonly string[]): string | undefined {
  return problemsOf(name, texts)[0]
}

function problemsOf(name: QuestionName, texts: readonly string[]): readonly string[] {
  const { error } = (SCHEMAS[name] as z.ZodType).safeParse(texts)
  return (error?.issues ?? []).map(issue => sentence(name, texts, issue))
}

function sentence(name: string, texts: readonly string[], issue: z.core.$ZodIssue): string {
  const [problem = '', fix = 'see rollgate init --help'] = issue.message.split(' → ')
  const [at] = issue.path
  const text = texts[typeof at === 'number' ? at : 0]
  const shown = text === undefined || NOT_SHOWN.has(name) ? '' : ` ${JSON.stringify(text)}`
  return `--${name}${shown} ${problem}. Fix: ${fix}.`
}

/** Where the name of a secret is asked for, people paste the secret. */
const NOT_SHOWN: ReadonlySet<string> = new Set<QuestionName>(['database-secret'])

/**
 * The answers, once every question that arises has one.
 * @throws InputError (`answers_invalid`) naming every mistake
 */
export function parseAnswers(given: Given): Answers {
  const mistakes = Object.entries(given).flatMap(([name, texts]) =>
    problemsOf(name as QuestionName, texts)
  )
  const problems = mistakes.length > 0 ? mistakes : contradictions(readAnswers(given))
  if (problems.length === 0) return readAnswers(given)
  throw new InputError(
    'answers_invalid',
    problems.join('\n'),
    'Correct these answers and run the same command again; nothing was written.'
  )
}

function readAnswers(given: Given): Answers {
  const answer = <Name extends QuestionName>(name: Name): z.output<(typeof SCHEMAS)[Name]> =>
    SCHEMAS[name].parse(given[name]) as z.output<(typeof SCHEMAS)[Name]>
  return {
    name: answer('name'),
    owner: answer('owner'),
    repository: answer('repository'),
    flags: answer('flag'),
    vercel: { orgId: answer('vercel-org-id'), projectId: answer('vercel-project-id') },
    keys: { preview: answer('preview-keys'), production: answer('production-keys') },
    databaseSecret: answer('database-secret'),
    events: {
      source: answer('event-source'),
      start: answer('start-event'),
      good: answer('good-ending'),
      bad: answer('bad-ending'),
      errors: answer('error-event')
    },
    unitsPerDay: answer('units-per-day').map(Number)[0],
    soaks: answer('soak'),
    gate:
      answer('gate') === 'environment'
        ? { mode: 'environment', reviewers: answer('reviewer') }
        : { mode: 'dispatch', allow: answer('allow') },
    timeZone: answer('time-zone'),
    branch: answer('branch'),
    action: answer('action')
  }
}

/** What no single answer shows. */
function contradictions(answers: Answers): readonly string[] {
  const { flags, soaks, events } = answers
  const names = flags.map(({ name }) => name)
  const phases = hasShadowPhases(answers) ? 4 : 2
  const both = events.good.filter(type => events.bad.includes(type))
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map(name => `--flag ${name} is given twice. Fix: give each flag once.`),
    ...(flags.some(({ on, off }) => on !== off)
      ? []
      : ['--flag: no flag turns the feature on. Fix: give one that differs on and off.']),
    ...(flags.some(({ on, shadow }) => on !== shadow)
      ? []
      : ['--flag: shadow phases would be like full ones. Fix: give one another value there.']),
    ...(soaks.length === phases
      ? []
      : [`--soak gives ${soaks.length} durations for ${phases} phases. Fix: give ${phases}.`]),
    ...both.map(type => `${type} is a good and a bad ending. Fix: decide for one.`)
  ]
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
