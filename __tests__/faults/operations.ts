import { createHash } from 'node:crypto'
import type { World } from '../../src/operations/world.ts'
import { createPeople, type People } from '../../src/rehearsal/people.ts'
import type { RepositoryOptions } from '../../src/rehearsal/vercel/repository.ts'
import { startVercelSimulator, type VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { createStandInCli } from '../../src/rehearsal/vercel/stand-in-cli.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { type Definition, enabledPhases } from '../../src/rollout/definition.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import { fold, type State } from '../../src/rollout/state.ts'
import type { VercelCli } from '../../src/vercel/command-line.ts'
import { createVercel } from '../../src/vercel/vercel.ts'
import { createBrake } from '../operations/brake.ts'
import { createMemoryMetrics } from '../operations/memory-metrics.ts'
import { createOffice } from '../operations/office.ts'
import { loadTwoPhases, START_MS, telemetry } from '../operations/outside.ts'
import type { Excuse, Failure, Standing, Subject } from './matrix.ts'
import { createMemoryLedger } from './memory-ledger.ts'
import { createTrouble, type Trouble } from './trouble.ts'

const TOKEN = 'secretTokenThatMustNotLeak'
const TARGETS = ['preview', 'production']
const FLAGS = ['FEATURE', 'LIMIT']

/** Every value as no other text has it. */
const VALUES: Readonly<Record<string, string>> = {
  true: 'featureOnQ7x',
  false: 'featureOffQ7x',
  '3': 'limitThreeQ7x',
  '4': 'limitFourQ7x',
  '0': 'limitNoneQ7x'
}

/** What outlives the processes of a case. */
export interface Ground {
  readonly definition: Definition
  readonly simulator: VercelSimulator
  readonly trouble: Trouble
  readonly clock: VirtualClock
  readonly people: People
  readonly lines: readonly string[]
  /** The environment of what serves the target: at the domain of its own, where it has one. */
  serves(target: string): Readonly<Record<string, string>> | undefined
  process(run: string): World
  state(): Promise<State>
  close(): Promise<void>
}

export interface GroundOptions {
  /** Changes the text of the definition. The same function means the same definition. */
  readonly edit?: ((text: string) => string) | undefined
  /** The stand-in unless told. */
  readonly cli?: ((account: Account) => VercelCli) | undefined
  /** The project is connected to one, and what serves is its newest commit. */
  readonly repository?: RepositoryOptions | undefined
}

export interface Account {
  readonly apiUrl: string
  readonly token: string
  readonly teamId: string
  readonly projectId: string
  readonly projectName: string
}

const definitions = new Map<unknown, Promise<Definition>>()
const asIs = (text: string): string => text
const events = telemetry()

/** Parsed once per edit: a definition never changes. */
function definitionOf(edit: (text: string) => string): Promise<Definition> {
  const known = definitions.get(edit)
  if (known !== undefined) return known
  const loaded = loadTwoPhases(text =>
    edit(text.replaceAll(/"(true|false|\d)"/gu, (_, value) => `"${VALUES[value]}"`))
  )
  definitions.set(edit, loaded)
  return loaded
}

/** A project with both flags off, one of them shared by both targets, and a ledger in memory. */
export async function openGround(options: GroundOptions = {}): Promise<Ground> {
  const { edit = asIs, cli, repository } = options
  const definition = await definitionOf(edit)
  const clock = createVirtualClock(START_MS)
  const simulator = await startVercelSimulator({
    now: clock.now,
    token: TOKEN,
    deployed: [],
    buildMs: 3000,
    ...(repository ? { repository } : {})
  })
  const { FEATURE = '', LIMIT = '' } = definition.rollback.flags as Readonly<Record<string, string>>
  for (const target of TARGETS) simulator.setFlagByHand(target, 'FEATURE', FEATURE)
  simulator.plantRecord({ key: 'LIMIT', value: LIMIT, target: ['production', 'preview'] })
  deployAll(simulator, definition, repository?.commits.at(-1))
  const people = createPeople(definition)
  const ledger = createMemoryLedger()
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  const log = { info: say, warning: say }
  const trouble = createTrouble(simulator, TOKEN)
  const { teamId, projectId, projectName } = simulator.identity
  const account = { apiUrl: simulator.url, token: TOKEN, teamId, projectId, projectName }
  const { targets } = definition
  let made = 0
  return {
    definition,
    simulator,
    trouble,
    clock,
    people,
    lines,
    serves: target => servedEnv(simulator, definition, target),
    process: run => ({
      definition,
      definitionFile: 'rollouts/two-phases.yml',
      actor: { by: 'ann', run },
      ledger,
      ...createVercel({
        apiUrl: simulator.url,
        token: TOKEN,
        teamId,
        projectId,
        ...{ targets },
        cwd: '/',
        configFolder: '/nowhere',
        baseEnv: {},
        clock,
        log,
        cli: trouble.wrap((cli ?? createStandInCli)(account)),
        fetch: trouble.fetch
      }),
      metrics: createMemoryMetrics(events, clock.now),
      evidence: { collect: () => Promise.resolve([]) },
      database: {
        inspectDatabase: () =>
          Promise.reject(new ProviderError('no_database', 'There is none', 'Nothing to do.'))
      },
      gates: people.gates(run),
      ...createOffice().open(createBrake()),
      announcer: people.announcer,
      clock,
      log,
      newId: () => {
        made += 1
        return `id-${made}`
      },
      sha256: text => createHash('sha256').update(text).digest('hex')
    }),
    state: async () => {
      const { events } = await ledger.read(definition.name)
      return fold(events, enabledPhases(definition).at(-1)?.name ?? '')
    },
    close: () => simulator.close()
  }
}

/** Every target serves a deployment, at the domain of its own too. */
function deployAll(
  simulator: VercelSimulator,
  { targets }: Definition,
  commit: string | undefined
): void {
  for (const target of ['production', 'preview']) {
    const { id } =
      commit === undefined
        ? simulator.deployByHand(target)
        : simulator.deployCommitByHand(target, commit)
    const alias = targets[target]?.alias
    if (alias !== undefined) simulator.aliasByHand(alias, id)
  }
}

function servedEnv(simulator: VercelSimulator, { targets }: Definition, target: string) {
  const alias = targets[target]?.alias
  if (alias === undefined) return simulator.live(target)?.env
  const at = simulator.aliases().find(one => one.alias === alias)
  return at && simulator.envOf(at.deploymentId)
}

const QUARTER_HOUR_MS = 900_000

/** Flags and what serves, on every target, once every build has come to its end. */
export async function worldOf({ simulator, clock, serves }: Ground): Promise<unknown> {
  await clock.sleep(QUARTER_HOUR_MS)
  const onTarget = (target: string) => ({
    flags: Object.fromEntries(FLAGS.map(flag => [flag, simulator.valueOf(target, flag) ?? null])),
    serves: serves(target)
  })
  return {
    ...Object.fromEntries(TARGETS.map(target => [target, onTarget(target)])),
    violations: simulator.violations
  }
}

/** An operation on the ground, as the matrix runs it. */
export function subjectOf(
  ground: Ground,
  parts: {
    readonly run: () => Promise<unknown>
    readonly again: () => Promise<unknown>
    readonly excuse: () => Promise<Excuse | undefined>
    readonly wrong?: (failure: Failure) => string | undefined
  }
): Subject {
  const { simulator, trouble, lines } = ground
  return {
    ...parts,
    simulator,
    trouble,
    lines,
    secrets: [TOKEN, ...Object.values(VALUES)],
    standing: async (): Promise<Standing> => {
      const world = await worldOf(ground)
      return { world, record: recordOf(ground, await ground.state()) }
    },
    close: ground.close
  }
}

/** What was applied is held when the first look at it saw nothing, and people are told; it is applied. */
function recordOf({ people }: Ground, { status, phases, rollback }: State): unknown {
  const isTold = people.announcements.some(({ kind }) => kind === 'held')
  return {
    status: status === 'held' && isTold ? 'running' : status,
    phases: phases.map(({ name, status: reached }) => `${name} ${reached}`),
    rollback: rollback && {
      finished: rollback.finished?.outcome,
      watched: rollback.since !== undefined
    }
  }
}
