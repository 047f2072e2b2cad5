import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { createSourceTree } from '../git/commit-tree.ts'
import { createGitLedger } from '../git/ledger.ts'
import { createMetricSources } from '../metric-sources.ts'
import { NO_REPOSITORY, type World } from '../operations/world.ts'
import { type Catalogue, loadCatalogue, loadEvidenceFiles } from '../postgres/catalogue.ts'
import { createPostgres } from '../postgres/postgres.ts'
import type { Definition } from '../rollout/definition.ts'
import { parseDefinition } from '../rollout/definition-file.ts'
import { reportedLabels } from '../rollout/reported.ts'
import { createVercel } from '../vercel/vercel.ts'
import type { IssueHands } from './github/issue-hands.ts'
import { mirrorLedger } from './mirror.ts'
import { createPeople, type People } from './people.ts'
import {
  type ApplicationDatabase,
  createApplicationDatabase,
  type StoredEvent
} from './postgres/application-database.ts'
import { type Relay, startRelay } from './postgres/relay.ts'
import { type PostgresServer, startPostgresServer } from './postgres/server.ts'
import { createReportBox, type ReportBox } from './report-box.ts'
import type { Scenario } from './scenario.ts'
import type { EventRow } from './traffic/event-row.ts'
import { createTraffic, type Traffic } from './traffic/traffic.ts'
import { edgeFetch } from './vercel/edge.ts'
import { startVercelSimulator, type VercelSimulator } from './vercel/simulator.ts'
import { createStandInCli } from './vercel/stand-in-cli.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

/** What the project is connected to, for definitions that deploy from there. */
const REPOSITORY = {
  org: 'acme',
  repo: 'shop',
  productionBranch: 'main',
  commits: ['5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed']
}

/** A whole world on this machine: real database, real CLI, simulated API, five virtual days. */
export interface RehearsalWorld {
  readonly world: World
  readonly clock: VirtualClock
  readonly vercel: VercelSimulator
  readonly database: ApplicationDatabase
  readonly relay: Relay
  readonly people: People
  /** What customers do who find that something is wrong. */
  readonly issues: IssueHands
  /** What must show up nowhere: the token and the database's password. */
  readonly secrets: readonly string[]
  /** Testers book on preview only while a phase on preview is under test. */
  testOn(target: string): void
  close(): Promise<void>
}

export interface RehearsalSettings {
  readonly scenario: Scenario
  /** Where the results go; the ledger is made in it. */
  readonly folder: string
  /** Rollgate's own folder: SQL files and the installed CLI are found from here. */
  readonly home: string
  /** Path of the definition, as people know it. */
  readonly definitionFile: string
  readonly seed: number
  readonly baseEnv: Readonly<Record<string, string>>
  /** The installed Vercel CLI unless told; the stand-in saves a second per deployment. */
  readonly cli?: 'stand-in' | readonly string[]
}

const ACTOR = { by: 'rehearsal', run: 'rehearsal' }

/** A Monday morning. */
const START_MS = Date.parse('2026-01-05T08:00:00Z')

/** Builds the world; about two seconds. Whatever was started is stopped again when it fails. */
export async function openRehearsalWorld(settings: RehearsalSettings): Promise<RehearsalWorld> {
  const undo: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const stop of undo.splice(0).reverse()) await stop()
  }
  try {
    return await build(settings, undo, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function build(
  settings: RehearsalSettings,
  undo: (() => Promise<unknown>)[],
  close: () => Promise<void>
): Promise<RehearsalWorld> {
  const { scenario, folder, home } = settings
  const clock = createVirtualClock(START_MS)
  const catalogue = await loadCatalogue([sqlFolder(home, 'metrics')])
  const definition = await loadDefinition(settings, catalogue)
  const server = await startPostgresServer()
  undo.push(() => server.stop())
  const database = await createApplicationDatabase(server)
  const relay = await startRelay(server)
  undo.push(() => relay.stop())
  const token = randomBytes(12).toString('hex')
  const flags = Object.fromEntries(
    Object.keys(definition.targets).map(target => [target, definition.rollback.flags])
  )
  const vercel = await startVercelSimulator({
    now: clock.now,
    token,
    flags,
    repository: REPOSITORY
  })
  undo.push(() => vercel.close())
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'rollgate-rehearsal-'))
  undo.push(() => rm(scratch, { recursive: true, force: true }))
  const people = createPeople(definition)
  const box = createReportBox(clock.now, reportedLabels(definition))
  const life = await startLife({ clock, database, vercel, scenario, seed: settings.seed })

  const world = await furnish({
    settings,
    definition,
    catalogue,
    clock,
    database,
    relay,
    vercel,
    scratch,
    token,
    people,
    box,
    server,
    folder
  })
  const secrets = [token, server.password]
  const { testOn } = life
  const issues = box.hands
  return { world, clock, vercel, database, relay, people, issues, secrets, testOn, close }
}

interface Furniture {
  readonly settings: RehearsalSettings
  readonly definition: Definition
  readonly catalogue: Catalogue
  readonly clock: VirtualClock
  readonly database: ApplicationDatabase
  readonly relay: Relay
  readonly vercel: VercelSimulator
  readonly server: PostgresServer
  readonly scratch: string
  readonly token: string
  readonly people: People
  readonly box: ReportBox
  readonly folder: string
}

async function furnish(parts: Furniture): Promise<World> {
  const { settings, definition, catalogue, clock, people, folder } = parts
  const log = createFileLog(path.join(folder, 'operations.log'), clock)
  const postgres = createPostgres({
    connectionString: parts.database.connectionString('reader', parts.relay),
    catalogue,
    evidenceFiles: await loadEvidenceFiles([sqlFolder(settings.home, 'evidence')])
  })
  let ids = 0
  return {
    definition,
    definitionFile: path.relative('.', settings.definitionFile),
    actor: ACTOR,
    ledger: mirrorLedger(
      createGitLedger({
        folder: path.join(folder, 'ledger.git'),
        author: { name: 'Rollgate', email: 'rollgate@localhost' },
        now: clock.now
      }),
      folder
    ),
    ...(await createProject(parts, log)),
    ...postgres,
    metrics: createMetricSources(postgres.metrics, parts.box.reports),
    gates: people.gates(ACTOR.run),
    ...NO_REPOSITORY,
    announcer: people.announcer,
    clock,
    log,
    newId: () => {
      ids += 1
      return `rehearsal-${String(ids).padStart(4, '0')}`
    },
    sha256
  }
}

async function createProject(
  { settings, definition, clock, vercel, scratch, token }: Furniture,
  log: World['log']
) {
  const site = path.join(scratch, 'site')
  await mkdir(site)
  await writeFile(path.join(site, 'index.html'), '<title>Bookings</title>\n')
  const { teamId, projectId, projectName } = vercel.identity
  const account = { apiUrl: vercel.url, token, teamId, projectId }
  return createVercel({
    ...account,
    cwd: site,
    source: createSourceTree(site),
    targets: definition.targets,
    configFolder: path.join(scratch, 'cli'),
    cli:
      settings.cli === 'stand-in'
        ? createStandInCli({ ...account, projectName })
        : (settings.cli ?? installedCli(settings.home)),
    baseEnv: { ...settings.baseEnv, HOME: scratch },
    clock,
    log,
    probeFetch: edgeFetch(vercel)
  })
}

function installedCli(home: string): readonly string[] {
  const fromHome = createRequire(path.join(home, 'package.json'))
  return [process.execPath, fromHome.resolve('vercel/dist/vc.js')]
}

interface Life {
  testOn(target: string): void
}

interface LifeParts {
  readonly clock: VirtualClock
  readonly database: ApplicationDatabase
  readonly vercel: VercelSimulator
  readonly scenario: Scenario
  readonly seed: number
}

/** Lets bookings and background noise happen whenever time passes, and tells the database the time. */
async function startLife({ clock, database, vercel, scenario, seed }: LifeParts): Promise<Life> {
  const traffic: Traffic = createTraffic({ seed, scenario: scenario.traffic, startMs: START_MS })
  let underTest = 'none'
  await database.setClock(START_MS)
  clock.onAdvance(async (nowMs, previousMs) => {
    const targets = underTest === 'preview' ? ['preview', 'production'] : ['production']
    const live = targets.map(target => ({ target, flags: vercel.live(target)?.env ?? {} }))
    await database.insert(traffic.between(previousMs, nowMs, live).map(toStored))
    await database.setClock(nowMs)
  })
  return {
    testOn: target => {
      underTest = target
    }
  }
}

/** A row of the traffic as the application's database takes it. */
export function toStored(row: EventRow): StoredEvent {
  return {
    id: row.id,
    createdAtMs: Date.parse(row.created_at),
    source: row.source,
    eventType: row.event_type,
    severity: row.severity,
    ...(row.context === null ? {} : { context: row.context }),
    ...(row.restaurant_id === null ? {} : { restaurantId: row.restaurant_id }),
    ...(row.booking_id === null ? {} : { bookingId: row.booking_id })
  }
}

async function loadDefinition(
  settings: RehearsalSettings,
  catalogue: Catalogue
): Promise<Definition> {
  const text = await readFile(settings.definitionFile, 'utf8')
  const metrics = Object.fromEntries(catalogue.headers.map(({ name, kind }) => [name, kind]))
  const file = path.relative('.', settings.definitionFile)
  return parseDefinition({ file, text, digest: sha256(text), metrics })
}

function sqlFolder(home: string, name: string) {
  return { path: path.join(home, 'sql', name), shownAs: `sql/${name}` }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function createFileLog(file: string, clock: VirtualClock): World['log'] {
  const write = (level: string, line: string): void => {
    appendFileSync(file, `${new Date(clock.now()).toISOString()} ${level} ${line}\n`)
  }
  return { info: line => write('info', line), warning: line => write('warning', line) }
}
