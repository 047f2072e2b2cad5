import type { Place } from './ports.ts'

/** What was answered so far, by the names of the options; a question without an answer is absent. */
export type Given = Readonly<Partial<Record<QuestionName, readonly string[]>>>

/** One thing `rollgate init` wants to know. */
export interface Question {
  readonly name: QuestionName
  /** What a person is asked. */
  readonly asks: string
  /** What stands behind the option on the command line. */
  readonly form: string
  /** Whether there may be several answers; on the command line the option is repeated. */
  readonly several: boolean
  /** Whether the question arises at all. */
  readonly arises?: (given: Given) => boolean
  /** The answer when nobody gives another; undefined: somebody must. */
  readonly fallback: (given: Given, place: Place) => readonly string[] | undefined
  /** What is taken when nobody answers, for whoever reads the help. */
  readonly otherwise: string
  /** A person is asked only when there is no fallback; it is shown to them with the others. */
  readonly assumed?: boolean
  /** Whether no answer is an answer. */
  readonly optional?: boolean
}

export const QUESTION_NAMES = [
  'name',
  'owner',
  'repository',
  'flag',
  'vercel-org-id',
  'vercel-project-id',
  'preview-keys',
  'production-keys',
  'database-secret',
  'event-source',
  'start-event',
  'good-ending',
  'bad-ending',
  'error-event',
  'units-per-day',
  'soak',
  'gate',
  'reviewer',
  'allow',
  'time-zone',
  'branch',
  'action'
] as const

export type QuestionName = (typeof QUESTION_NAMES)[number]

/** The questions in the order in which a person is asked them. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'name',
    asks: 'Name of the rollout, in lower-case letters, digits and dashes',
    otherwise: 'needed',
    form: '<name>',
    several: false,
    fallback: none
  },
  {
    name: 'owner',
    asks: 'Who is asked when something is unclear: a team, as @acme/booking',
    otherwise: 'default: the owner of the repository',
    form: '<who>',
    several: false,
    fallback: (_, { repository }) => one(repository && `@${ownerOf(repository)}`)
  },
  {
    name: 'repository',
    asks: 'The repository on GitHub, as owner/name',
    otherwise: 'default: the remote origin',
    assumed: true,
    form: '<owner/name>',
    several: false,
    fallback: (_, { repository }) => one(repository)
  },
  {
    name: 'flag',
    asks: 'A flag with its values on and off, as FEATURE_X=true/false; a third one is for shadow phases',
    otherwise: 'needed',
    form: '<NAME=on/off[/shadow]>',
    several: true,
    fallback: none
  },
  {
    name: 'vercel-org-id',
    asks: 'Id of the Vercel team',
    otherwise: 'default: .vercel/project.json',
    assumed: true,
    form: '<id>',
    several: false,
    fallback: (_, { vercel }) => one(vercel?.orgId)
  },
  {
    name: 'vercel-project-id',
    asks: 'Id of the Vercel project',
    otherwise: 'default: .vercel/project.json',
    assumed: true,
    form: '<id>',
    several: false,
    fallback: (_, { vercel }) => one(vercel?.projectId)
  },
  {
    name: 'preview-keys',
    asks: 'GitHub environment with the secrets for preview',
    otherwise: 'default: staging',
    assumed: true,
    form: '<environment>',
    several: false,
    fallback: () => ['staging']
  },
  {
    name: 'production-keys',
    asks: 'GitHub environment with the secrets for production',
    otherwise: 'default: production',
    assumed: true,
    form: '<environment>',
    several: false,
    fallback: () => ['production']
  },
  {
    name: 'database-secret',
    asks: 'Name of the secret with the connection string of the database',
    otherwise: 'default: DATABASE_URL',
    assumed: true,
    form: '<NAME>',
    several: false,
    fallback: () => ['DATABASE_URL']
  },
  {
    name: 'event-source',
    asks: 'What the new code writes into the column `source` of its events',
    otherwise: 'default: assignment.coordinator',
    form: '<source>',
    several: false,
    fallback: () => ['assignment.coordinator']
  },
  {
    name: 'start-event',
    asks: 'Event type with which the new code begins its work on a unit',
    otherwise: 'default: <last part of the source>.start',
    form: '<type>',
    several: false,
    fallback: given => [eventOf(given, 'start')]
  },
  {
    name: 'good-ending',
    asks: 'Event types with which a unit ends well',
    otherwise: 'default: ….confirmed',
    form: '<type>',
    several: true,
    fallback: given => [eventOf(given, 'confirmed')]
  },
  {
    name: 'bad-ending',
    asks: 'Event types with which a unit ends badly',
    otherwise: 'default: ….manual_review and ….error',
    form: '<type>',
    several: true,
    fallback: given => [eventOf(given, 'manual_review'), eventOf(given, 'error')]
  },
  {
    name: 'error-event',
    asks: 'Event types that are errors',
    otherwise: 'default: the bad endings that end in error or failed, or all',
    assumed: true,
    form: '<type>',
    several: true,
    fallback: ({ 'bad-ending': bad }) => bad && errorsAmong(bad)
  },
  {
    name: 'units-per-day',
    asks: 'How many units end on a usual day',
    otherwise: 'default: unknown',
    form: '<n>',
    several: false,
    fallback: () => [],
    optional: true
  },
  {
    name: 'soak',
    asks: 'How long each phase must stand, in order',
    otherwise: 'default: 30m,48h,24h,48h; without shadow phases 48h,48h',
    assumed: true,
    form: '<durations>',
    several: true,
    fallback: given => (hasShadow(given) ? ['30m', '48h', '24h', '48h'] : ['48h', '48h'])
  },
  {
    name: 'gate',
    asks: 'Who lets a production phase pass: reviewers of a GitHub environment, or a second person by dispatch',
    otherwise: 'default: environment',
    form: '<environment|dispatch>',
    several: false,
    fallback: () => ['environment']
  },
  {
    name: 'reviewer',
    asks: 'Who may approve: logins, or teams as acme/booking, six at most',
    otherwise: 'needed with reviewers',
    form: '<login or org/team>',
    several: true,
    arises: ({ gate }) => gate?.[0] !== 'dispatch',
    fallback: none
  },
  {
    name: 'allow',
    asks: 'Who may start a gated phase: logins',
    otherwise: 'needed with dispatch',
    form: '<login>',
    several: true,
    arises: ({ gate }) => gate?.[0] === 'dispatch',
    fallback: none
  },
  {
    name: 'time-zone',
    asks: 'Time zone of the reports',
    otherwise: 'default: that of this machine',
    assumed: true,
    form: '<zone>',
    several: false,
    fallback: (_, { timeZone }) => [timeZone]
  },
  {
    name: 'branch',
    asks: 'Default branch',
    otherwise: 'default: that of the remote origin, or else main',
    assumed: true,
    form: '<branch>',
    several: false,
    fallback: (_, { branch = 'main' }) => [branch]
  },
  {
    name: 'action',
    asks: 'Where the workflows get Rollgate from, as owner/rollgate@<commit>',
    otherwise: 'default: the checkout that Rollgate runs from',
    assumed: true,
    form: '<owner/rollgate@commit>',
    several: false,
    fallback: (_, { action }) => one(action)
  }
]

/** The first question that a person has to be asked, and what the answer would be without them. */
export function nextQuestion(
  given: Given,
  place: Place
): { readonly question: Question; readonly fallback: readonly string[] | undefined } | undefined {
  for (const question of QUESTIONS) {
    const { name, arises = always, assumed = false } = question
    const fallback = question.fallback(withFallbacks(given, place), place)
    const open = given[name] === undefined && arises(given)
    if (open && !(assumed && fallback !== undefined)) return { question, fallback }
  }
  return undefined
}

/** The given answers and a fallback for every other question that has one. */
export function withFallbacks(given: Given, place: Place): Given {
  const answers: Record<string, readonly string[] | undefined> = { ...given }
  for (const { name, arises = always, fallback } of QUESTIONS) {
    if (answers[name] === undefined && arises(answers)) answers[name] = fallback(answers, place)
  }
  return answers
}

/** The questions that arise and that nobody and nothing has answered. */
export function unanswered(given: Given): readonly QuestionName[] {
  return QUESTIONS.filter(
    ({ name, arises = always }) => given[name] === undefined && arises(given)
  ).map(({ name }) => name)
}

/** What is taken without asking, each as the option that says otherwise. */
export function assumedAnswers(given: Given, place: Place): readonly string[] {
  const answers = withFallbacks(given, place)
  return QUESTIONS.flatMap(({ name, assumed = false }) => {
    const answer = answers[name]
    return assumed && answer !== undefined && given[name] === undefined
      ? [`--${name} ${answer.join(',')}`]
      : []
  })
}

/** What a person wrote in one line, as the answers it holds. */
export function splitAnswer({ several }: Question, line: string): readonly string[] {
  const trimmed = line.trim()
  if (trimmed === '') return []
  return several ? trimmed.split(/[\s,]+/u).filter(Boolean) : [trimmed]
}

function always(): boolean {
  return true
}

function none(): undefined {
  return undefined
}

function one(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === '' ? undefined : [text]
}

function ownerOf(repository: string): string {
  return repository.split('/')[0] ?? ''
}

function hasShadow({ flag = [] }: Given): boolean {
  return flag.some(text => text.split('/').length > 2)
}

/** The worked example calls its events after the last part of its source. */
function eventOf({ 'event-source': [source = ''] = [] }: Given, what: string): string {
  return `${source.split('.').at(-1)}.${what}`
}

function errorsAmong(bad: readonly string[]): readonly string[] {
  const errors = bad.filter(type => /(?:error|errored|fail|failed|failure)$/iu.test(type))
  return errors.length > 0 ? errors : bad
}
