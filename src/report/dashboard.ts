import type { Definition } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import type { LookEvent } from '../rollout/events.ts'
import { rolloutFolder } from '../rollout/rollout-id.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { utcText } from './instant.ts'
import { lastLook, outcomeText } from './look-line.ts'
import { link, md, NOTHING, type Text, table } from './markdown.ts'
import { nextMarkup, whatNext } from './next.ts'
import { rolloutName } from './rollout-name.ts'

export interface DashboardInput {
  /** The ledger's README.md as it stands; undefined before the first entry. */
  readonly previous: string | undefined
  readonly definition: Definition
  readonly state: State
  /** ISO 8601. */
  readonly now: string
}

const OPENING = '<!-- rollgate:dashboard -->'
const CLOSING = '<!-- /rollgate:dashboard -->'
const COLUMNS = ['rollout', 'phase', 'status', 'last look', 'last verdict', 'what happens next']

const BLANK = `# Rollgate

Every rollout, as of its last entry in this ledger. Only the table is written by Rollgate.

${OPENING}
${CLOSING}
`

/** A row of ours: the definition is the first folder of its link. */
const ROW = /^\| \[[^|]*\]\(([a-z][a-z0-9-]*)\/\d+\/verification\.md\)(?: \|[^|]*){5} \|$/u

/**
 * The ledger's README.md with this definition's row written anew. The rows of other definitions and
 * everything around the table stay as they are; without a table to find, the file starts anew.
 */
export function renderDashboard(input: DashboardInput): string {
  const { before, inside, after } = split(input.previous ?? BLANK) ?? ANEW
  const others = inside.split('\n').flatMap(row => {
    const name = ROW.exec(row)?.[1]
    return name === undefined || name === input.definition.name ? [] : [{ name, row }]
  })
  const [head = '', rule = '', own = ''] = table(COLUMNS, [rowOf(input)]).split('\n')
  const rows = [...others, { name: input.definition.name, row: own }]
  const sorted = rows.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ row }) => row)
  return [before, '\n', [head, rule, ...sorted].join('\n'), '\n', after].join('')
}

interface Dashboard {
  /** Up to and with the opening mark. */
  readonly before: string
  readonly inside: string
  /** From the closing mark on. */
  readonly after: string
}

const ANEW: Dashboard = {
  before: BLANK.slice(0, BLANK.indexOf(OPENING) + OPENING.length),
  inside: '',
  after: BLANK.slice(BLANK.indexOf(CLOSING))
}

function split(text: string): Dashboard | undefined {
  const start = text.indexOf(OPENING) + OPENING.length
  const end = text.indexOf(CLOSING)
  const once = text.lastIndexOf(OPENING) === text.indexOf(OPENING) && text.includes(OPENING)
  return once && end >= start && text.lastIndexOf(CLOSING) === end
    ? { before: text.slice(0, start), inside: text.slice(start, end), after: text.slice(end) }
    : undefined
}

function rowOf({ definition, state, now }: DashboardInput): readonly Text[] {
  const look = latestLook(state)
  const next = whatNext({ definition, state, now })
  const ahead = nextMarkup(next, definition.timeZone)
  const log = `${rolloutFolder(definition.name, state.number)}/verification.md`
  return [
    link(rolloutName(definition, state), log),
    state.rollback?.intent.phase ?? currentPhase(state)?.name ?? NOTHING,
    state.status,
    look === undefined ? NOTHING : lookText(definition, state, look, now),
    look === undefined ? NOTHING : outcomeText(look),
    next.who === undefined ? ahead : md`${ahead}. ${next.who}`
  ]
}

/** The newest look of all, the watch after a rollback included. */
function latestLook(state: State): LookEvent | undefined {
  return state.rollback?.looks.at(-1) ?? lastLook(state)
}

/** The table is only as fresh as the last entry, so the age is said together with when it was so. */
function lookText(definition: Definition, state: State, look: LookEvent, now: string): string {
  const ageMs = Math.max(0, Date.parse(now) - Date.parse(look.at))
  const open = state.status === 'running' || state.status === 'held'
  const blind = open && ageMs > definition.blind.maxMs ? ': too long ago' : ''
  return `${utcText(look.at)}, ${formatDuration(ageMs)} old at ${utcText(now)}${blind}`
}
