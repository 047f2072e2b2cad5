/**
 * Commands of GitHub's own command line, built here and run, or only shown, elsewhere. Every one can be
 * run again. `gh` itself fills in {owner} and {repo} from the repository it is started in.
 */
export interface GhCommand {
  /** What follows `gh`, one word each; never a secret. */
  readonly args: readonly string[]
  /**
   * Words in `args` that are not known yet, each with the arguments of the `gh` command that prints
   * what belongs there: the number behind a login.
   */
  readonly lookups?: Readonly<Record<string, readonly string[]>>
  /** What `gh` says when it fails because all is as it should be already. */
  readonly settled?: string
  /** Name of the secret whose value `gh` reads from standard input, or asks a person for. */
  readonly secret?: string
}

/** How a GitHub environment should be set up. */
export interface EnvironmentWish {
  readonly name: string
  /** Logins of people, `organisation/team` for teams; at most six. None: everything passes. */
  readonly reviewers: readonly string[]
  readonly preventSelfReview: boolean
  /** The one branch that may use it; undefined: every branch. */
  readonly branch: string | undefined
  /** How long each job waits before it starts, in minutes. */
  readonly waitMinutes?: number
}

/** Where the API of GitHub has the environment. */
export function environmentPath(name: string): string {
  return `repos/{owner}/{repo}/environments/${encodeURIComponent(name)}`
}

/** Creates the environment, or brings the one there is to the wish; a branch policy it has is kept. */
export function environmentCommands(wish: EnvironmentWish): readonly GhCommand[] {
  const place = environmentPath(wish.name)
  const reviewers = wish.reviewers.map(reviewerOf)
  const settings: GhCommand = {
    args: [
      ...['api', '--silent', '--method', 'PUT', place],
      ...field(`wait_timer=${wish.waitMinutes ?? 0}`),
      ...field(`prevent_self_review=${wish.preventSelfReview}`),
      ...reviewerFields(reviewers),
      ...branchFields(wish.branch)
    ],
    ...(reviewers.length === 0 ? {} : { lookups: lookupsOf(reviewers) })
  }
  return wish.branch === undefined ? [settings] : [settings, branchCommand(place, wish.branch)]
}

/** Puts a secret into an environment; its value is never an argument. */
export function secretCommand(secret: {
  readonly environment: string
  readonly name: string
}): GhCommand {
  const { environment, name } = secret
  return { args: ['secret', 'set', name, '--env', environment], secret: name }
}

/** Sets a variable, of an environment where one is named, else of the repository. */
export function variableCommand(variable: {
  readonly name: string
  readonly value: string
  readonly environment?: string
}): GhCommand {
  const { name, value, environment } = variable
  const where = environment === undefined ? [] : ['--env', environment]
  return { args: ['variable', 'set', name, ...where, '--body', value] }
}

/** Switches a workflow on again that somebody, or sixty quiet days, switched off. */
export function enableCommand(workflow: string): GhCommand {
  return { args: ['workflow', 'enable', workflow] }
}

/** The arguments with what the lookups printed in its place. */
export function filledIn(
  { args }: GhCommand,
  printed: Readonly<Record<string, string>>
): readonly string[] {
  return args.map(arg =>
    Object.entries(printed).reduce((word, [name, text]) => word.replace(name, () => text), arg)
  )
}

/** The command as a person types it into a POSIX shell, in the folder of the repository. */
export function ghText({ args, lookups = {} }: GhCommand): string {
  return ['gh', ...args.map(arg => wordText(arg, lookups))].join(' ')
}

interface ReviewerId {
  readonly type: 'User' | 'Team'
  /** Stands for the number in `args`. */
  readonly placeholder: string
  readonly lookup: readonly string[]
}

function reviewerOf(reviewer: string): ReviewerId {
  const [organisation = '', team] = reviewer.split('/')
  const path =
    team === undefined
      ? `users/${encodeURIComponent(reviewer)}`
      : `orgs/${ownerPath(organisation)}/teams/${encodeURIComponent(team)}`
  return {
    type: team === undefined ? 'User' : 'Team',
    placeholder: `<id of ${reviewer}>`,
    lookup: ['api', path, '--jq', '.id']
  }
}

/** `gh` fills {owner} in by itself and must find it as it is. */
function ownerPath(organisation: string): string {
  return organisation === '{owner}' ? organisation : encodeURIComponent(organisation)
}

/** Said also when there are none: whatever is left out keeps nobody from asking what it was before. */
function reviewerFields(reviewers: readonly ReviewerId[]): readonly string[] {
  return reviewers.length === 0
    ? field('reviewers=null')
    : reviewers.flatMap(({ type, placeholder }) => [
        ...field(`reviewers[][type]=${type}`),
        ...field(`reviewers[][id]=${placeholder}`)
      ])
}

function branchFields(branch: string | undefined): readonly string[] {
  return branch === undefined
    ? field('deployment_branch_policy=null')
    : [
        ...field('deployment_branch_policy[protected_branches]=false'),
        ...field('deployment_branch_policy[custom_branch_policies]=true')
      ]
}

/** GitHub keeps one policy of a name, and answers 303 (See Other) when it has it already. */
function branchCommand(place: string, branch: string): GhCommand {
  const path = `${place}/deployment-branch-policies`
  // As it is: a branch called `true` is no truth value.
  const args = ['api', '--silent', '--method', 'POST', path, '-f', `name=${branch}`]
  return { args, settled: 'HTTP 303' }
}

function field(pair: string): readonly string[] {
  return ['-F', pair]
}

function lookupsOf(reviewers: readonly ReviewerId[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(reviewers.map(({ placeholder, lookup }) => [placeholder, lookup]))
}

const PLAIN_WORD = /^[\w@%+=:,./{}-]+$/u

function wordText(arg: string, lookups: Readonly<Record<string, readonly string[]>>): string {
  const found = Object.entries(lookups).find(([name]) => arg.includes(name))
  if (found === undefined) {
    return PLAIN_WORD.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`
  }
  const [name, lookup] = found
  const [before = '', after = ''] = arg.split(name).map(escaped)
  return `"${before}$(${ghText({ args: lookup })})${after}"`
}

/** Between double quotes a shell still reads these. */
function escaped(text: string): string {
  return text.replaceAll(/["\\$`]/gu, sign => `\\${sign}`)
}
