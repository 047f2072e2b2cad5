import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGitLedger } from '../../src/git/ledger.ts'
import { type Applied, type ApplyRequest, apply } from '../../src/operations/apply.ts'
import { plan } from '../../src/operations/plan.ts'
import type { World } from '../../src/operations/world.ts'
import type { Catalogue } from '../../src/postgres/catalogue.ts'
import { createPostgres } from '../../src/postgres/postgres.ts'
import { createPeople, type People } from '../../src/rehearsal/people.ts'
import {
  type ApplicationDatabase,
  createApplicationDatabase,
  type StoredEvent
} from '../../src/rehearsal/postgres/application-database.ts'
import { type Relay, startRelay } from '../../src/rehearsal/postgres/relay.ts'
import type { PostgresServer } from '../../src/rehearsal/postgres/server.ts'
import { edgeFetch } from '../../src/rehearsal/vercel/edge.ts'
import { startVercelSimulator, type VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { createStandInCli } from '../../src/rehearsal/vercel/stand-in-cli.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { type Definition, enabledPhases } from '../../src/rollout/definition.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import { fold, type State } from '../../src/rollout/state.ts'
import { createVercel } from '../../src/vercel/vercel.ts'
import { bundledEvidence, bundledMetrics, startTestServer } from '../postgres/embedded.ts'
import { type Brake, createBrake } from './brake.ts'
import { createMemoryMetrics } from './memory-metrics.ts'
import { createOffice, type Office } from './office.ts'
import { expectProven } from './proven.ts'

export const START_MS = Date.parse('2026-03-02T09:00:00Z')
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
const TOKEN = 'secretTokenThatMustNotLeak'

/** The server of a test file and the databases in it. */
export interface Databases {
  /** A database whose rows are these beside an hour of telemetry for as long as any test lasts. */
  open(events?: readonly StoredEvent[]): Promise<ApplicationDatabase>
  /** A line to it that can be cut. */
  relay(): Promise<Relay>
  stop(): Promise<void>
}

export async function startDatabases(): Promise<Databases> {
  const server: PostgresServer = await startTestServer()
  const relays: Relay[] = []
  let made = 0
  return {
    open: async (events = telemetry()) => {
      made += 1
      const database = await createApplicationDatabase(server, `operations_${made}`)
      await database.insert(events)
      return database
    },
    relay: async () => {
      const relay = await startRelay(server)
      relays.push(relay)
      return relay
    },
    stop: async () => {
      for (const relay of relays) await relay.stop()
      await server.stop()
    }
  }
}

/** The application lives and the legacy path books: something of both, every ten minutes for two days. */
export function telemetry(): readonly StoredEvent[] {
  return Array.from({ length: 6 * 48 }, (_, i) => START_MS + i * 10 * MINUTE_MS).flatMap(ms => [
    { createdAtMs: ms + 1000, source: 'bookings.create', eventType: 'booking.creation.success' },
    { createdAtMs: ms + 2000, source: 'auto_assign', eventType: 'auto_assign.attempt' }
  ])
}

export function coordinator(kind: string, atMs: number): StoredEvent {
  return { createdAtMs: atMs, source: 'assignment.coordinator', eventType: `coordinator.${kind}` }
}

/** Everything that outlives a process: provider, ledger, database, time, people. */
export interface Outside {
  readonly definition: Definition
  readonly simulator: VercelSimulator
  readonly clock: VirtualClock
  readonly people: People
  readonly office: Office
  readonly ledgerFolder: string
  /** The token, and the database's connection string with its password. */
  readonly secrets: readonly string[]
  /** What the processes said. */
  readonly lines: readonly string[]
  /** A new process: fresh adapters, fresh ids, a run of its own. */
  process(options?: ProcessOptions): World
  events(): Promise<readonly LedgerEvent[]>
  state(): Promise<State>
  /** What a rollout has come to, without ids and times. */
  fingerprint(): Promise<{ readonly events: readonly string[] }>
  /** Ends it; whatever a test did, what was recorded has to follow from what was kept. */
  close(): Promise<void>
}

export interface ProcessOptions {
  readonly brake?: Brake
  readonly by?: string
  /** Which run and attempt; one of its own unless told. */
  readonly run?: string
  readonly more?: Partial<World>
}

export interface OutsideOptions {
  /** A real one; without it `events` are counted in memory and no evidence is collected. */
  readonly database?: ApplicationDatabase
  readonly relay?: Relay
  /** What the application writes; telemetry unless told. */
  readonly events?: readonly StoredEvent[]
  /** It is judged by a definition that no text says, so that nothing of it can be proven. */
  readonly forged?: boolean
  /** Changes the text of the definition. */
  readonly edit?: (text: string) => string
}

let catalogue: Promise<Catalogue> | undefined
let evidence: ReturnType<typeof bundledEvidence> | undefined

export async function loadTwoPhases(edit: (text: string) => string = text => text) {
  catalogue ??= bundledMetrics()
  const file = '__tests__/fixtures/two-phases.yml'
  const text = edit(await readFile(file, 'utf8'))
  const metrics = Object.fromEntries((await catalogue).headers.map(h => [h.name, h.kind]))
  return parseDefinition({ file, text, digest: sha256(text), metrics })
}

/** The definition with its first phase left out: production is first. */
export const productionOnly = (text: string): string =>
  text.replace('- name: stage', '- name: stage\n    enabled: false')

/** What a person who starts the next phase says. */
export const go = { phase: 'next', wokenBy: 'test', confirm: 'two-phases' }

/** Plans the next phase and lets its gate be passed: what a run does before it applies. */
export async function brief(outside: Outside, run: string, by = 'ann'): Promise<void> {
  const planned = await plan(outside.process({ run, by }), go)
  const gate = planned.kind === 'phase' ? planned.gate : undefined
  if (gate?.mode === 'environment') outside.people.review(gate.environment, { run })
}

let advances = 0

/** A whole run: plan, approval where one is asked for, and apply. */
export async function advance(
  outside: Outside,
  options: ProcessOptions = {},
  request: Partial<ApplyRequest> = {}
): Promise<Applied> {
  advances += 1
  const run = options.run ?? `advance${advances}-1`
  await brief(outside, run, options.by)
  return apply(outside.process({ ...options, run }), { ...go, ...request })
}

/** Production alone, which graduates a day after its promotion. */
export const graduating = (text: string): string =>
  `${productionOnly(text)}graduation: { after: 1d, issue: { title: Delete the old loop, body: It is dead code. }, env_example: .env.example }\n`

export async function openOutside(options: OutsideOptions = {}): Promise<Outside> {
  const { database, relay } = options
  const definition = await loadTwoPhases(options.edit)
  const clock = createVirtualClock(START_MS)
  await database?.setClock(START_MS)
  if (database !== undefined) clock.onAdvance(ms => database.setClock(ms))
  const simulator = await startVercelSimulator({
    now: clock.now,
    token: TOKEN,
    deployed: [],
    buildMs: 3000
  })
  furnish(simulator)
  const folder = await mkdtemp(join(tmpdir(), 'rollgate-operations-'))
  const people = createPeople(definition)
  const office = createOffice()
  const lines: string[] = []
  const ledgerFolder = join(folder, 'ledger.git')
  const author = { name: 'Rollgate', email: 'rollgate@localhost' }
  const openLedger = () => createGitLedger({ folder: ledgerFolder, author, now: clock.now })
  evidence ??= bundledEvidence()
  const evidenceFiles = await evidence
  const witness = (): Pick<World, 'metrics' | 'evidence' | 'database'> =>
    database === undefined
      ? {
          metrics: createMemoryMetrics(options.events ?? telemetry(), clock.now),
          evidence: { collect: () => Promise.resolve([]) },
          database: { inspectDatabase: () => Promise.reject(new Error('there is no database')) }
        }
      : createPostgres({
          connectionString: database.connectionString('reader', relay),
          catalogue: loaded,
          evidenceFiles
        })
  let processes = 0

  const process = ({
    brake = createBrake(),
    by,
    more,
    run = `run${processes + 1}-1`
  }: ProcessOptions = {}): World => {
    processes += 1
    const process = processes
    const ledger = openLedger()
    const log = { info: say('info'), warning: say('warning') }
    let ids = 0
    return {
      definition,
      definitionFile: 'rollouts/two-phases.yml',
      actor: { by: by ?? 'ann', run },
      ledger: {
        read: ledger.read,
        append: entry => brake.pass(`ledger: ${entry.message}`, () => ledger.append(entry))
      },
      ...connect(simulator, { clock, log, folder, brake, targets: definition.targets }),
      ...witness(),
      gates: people.gates(run),
      ...office.open(brake),
      announcer: people.announcer,
      clock,
      log,
      newId: () => {
        ids += 1
        return `process${process}-${ids}`
      },
      sha256,
      ...more
    }
  }

  const loaded = await (catalogue ?? bundledMetrics())
  const say = (level: string) => (line: string) => void lines.push(`${level} ${line}`)
  const events = async () => (await openLedger().read(definition.name)).events
  const lastPhase = enabledPhases(definition).at(-1)?.name ?? ''
  const state = async () => fold(await events(), lastPhase)

  return {
    definition,
    simulator,
    clock,
    people,
    office,
    ledgerFolder,
    secrets: [TOKEN, ...(database ? [database.connectionString('reader', relay)] : [])],
    lines,
    process,
    events,
    state,
    fingerprint: async () => ({
      ...worldOf(simulator),
      events: (await events()).map(nameOf),
      state: anonymous(await state())
    }),
    close: async () => {
      await simulator.close()
      try {
        if (options.forged !== true) await expectProven(ledgerFolder)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
  }
}

/** FEATURE has a record per target, LIMIT is one record for both; both targets serve a deployment. */
function furnish(simulator: VercelSimulator): void {
  simulator.setFlagByHand('production', 'FEATURE', 'false')
  simulator.setFlagByHand('preview', 'FEATURE', 'false')
  simulator.plantRecord({ key: 'LIMIT', value: '0', target: ['production', 'preview'] })
  simulator.deployByHand('production')
  simulator.deployByHand('preview')
}

interface Connection {
  readonly clock: VirtualClock
  readonly log: World['log']
  readonly folder: string
  readonly brake: Brake
  readonly targets: Definition['targets']
}

function connect(simulator: VercelSimulator, { clock, log, folder, brake, targets }: Connection) {
  const { teamId, projectId, projectName } = simulator.identity
  const account = { apiUrl: simulator.url, token: TOKEN, teamId, projectId }
  const standIn = createStandInCli({ ...account, projectName })
  return createVercel({
    ...account,
    cwd: folder,
    configFolder: join(folder, '.cli'),
    baseEnv: {},
    targets,
    clock,
    log,
    probeFetch: edgeFetch(simulator),
    cli: args => brake.pass('vercel deploy', () => standIn(args)),
    fetch: (input, init) => {
      const method = init?.method ?? 'GET'
      const send = () => fetch(input, init)
      return method === 'GET'
        ? send()
        : brake.pass(`${method} ${new URL(String(input)).pathname}`, send)
    }
  })
}

const TARGETS = ['preview', 'production']
const FLAGS = ['FEATURE', 'LIMIT']

function worldOf(simulator: VercelSimulator) {
  const values = (target: string) =>
    Object.fromEntries(FLAGS.map(flag => [flag, simulator.valueOf(target, flag) ?? null]))
  const forTargets = <T>(what: (target: string) => T) =>
    Object.fromEntries(TARGETS.map(target => [target, what(target)]))
  return {
    flags: forTargets(values),
    live: forTargets(target => simulator.live(target)?.env),
    made: forTargets(
      target => simulator.deploymentsOf(target).filter(d => d.meta['rollgate']).length
    ),
    building: TARGETS.flatMap(target => simulator.deploymentsOf(target)).filter(
      ({ readyState }) => readyState === 'BUILDING'
    ).length,
    records: simulator
      .envRecords()
      .map(({ key, target }) => `${key} ${target.join('+')}`)
      .sort(),
    violations: simulator.violations
  }
}

/** An event by what it says, without its place, its time and its author. */
export function nameOf(event: LedgerEvent): string {
  switch (event.kind) {
    case 'look':
      return `look ${event.purpose} ${event.phase} [${event.checkpoints}] ${event.decision} ${event.rule}`
    case 'rollback-step':
      return `${event.kind} ${event.step}`
    case 'rollback-finished':
      return `${event.kind} ${event.outcome}`
    case 'held':
      return `${event.kind} ${event.cause}`
    case 'dispatching':
    case 'dispatched':
      return `${event.kind} ${event.operation} ${event.phase}`
    case 'phase-planned':
    case 'phase-applying':
    case 'phase-applied':
    case 'phase-failed':
    case 'rollback-requested':
      return `${event.kind} ${event.phase}`
    case 'rollout-started':
    case 'resumed':
    case 'graduated':
    case 'aborted':
      return event.kind
  }
}

const OF_THE_RUN = ['id', 'at', 'by', 'run', 'seq', 'lastSeq', 'intent', 'deployment', 'since']
const OF_THE_TIME = [
  ...OF_THE_RUN,
  'startedAt',
  'endedAt',
  'looks',
  'lateMs',
  'digest',
  'baseline',
  'url'
]

function anonymous(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(anonymous)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => !OF_THE_TIME.includes(key))
  return Object.fromEntries(kept.map(([key, inner]) => [key, anonymous(inner)]))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
