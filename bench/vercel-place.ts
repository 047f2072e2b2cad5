import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createGitLedger } from '../src/git/ledger.ts'
import { NO_REPOSITORY, type World } from '../src/operations/world.ts'
import { refusingDatabase, TYPED } from '../src/refusing-parts.ts'
import { startVercelSimulator, type VercelSimulator } from '../src/rehearsal/vercel/simulator.ts'
import { parseDefinition } from '../src/rollout/definition-file.ts'
import { EvidenceError } from '../src/rollout/rollgate-error.ts'
import { cliEnvironment } from '../src/vercel/command-line.ts'
import { createVercel } from '../src/vercel/vercel.ts'
import type { VercelBench } from './bench-vercel.ts'

/** Three flags on production, without a gate: what is measured is not people. */
const DEFINITION = `name: bench
owner: "@acme/bench"
database: { secret: DATABASE_URL, environment_filter: none }
parameters: { source: assignment.coordinator }
targets: { production: { keys: production } }
phases:
  - name: live
    target: production
    flags: { ONE: "on", TWO: "on", THREE: "on" }
    soak: 1h
    checkpoints: [0m, 1h]
    criteria: quiet
criteria:
  quiet: { silence: { metric: coordinator-events, zero_tolerance: true, control: telemetry } }
rollback: { flags: { ONE: "off", TWO: "off", THREE: "off" }, criteria: quiet }
`

const TOKEN = 'benchToken'

/** One request of ours: when it was sent and when it was answered, by the process's own clock. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly startMs: number
  endMs: number
}

/** A project without flags whose production serves a deployment, and both hands on it. */
export interface VercelPlace {
  readonly simulator: VercelSimulator
  readonly flags: Readonly<Record<string, string>>
  /** Requests that Rollgate sends itself, CLI aside. */
  readonly sent: Sent[]
  /** The real CLI, as a person runs it. @throws Error with its output when it fails */
  vercel(...args: readonly string[]): Promise<void>
  /** Rollgate with an empty ledger; `onRecord` is told of every entry. */
  open(onRecord?: (kinds: readonly string[]) => void): Promise<World>
  /** Removes the flags and leaves everything else. */
  clear(): void
  close(): Promise<void>
}

export async function createVercelProject(
  bench: Pick<VercelBench, 'latencyMs' | 'cli'>
): Promise<VercelPlace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollgate-bench-'))
  const site = path.join(folder, 'site')
  const config = path.join(folder, 'by-hand')
  await mkdir(site)
  await mkdir(config)
  await writeFile(path.join(site, 'index.html'), 'shop')
  const simulator = await startVercelSimulator({
    now: Date.now,
    token: TOKEN,
    buildMs: 0,
    latencyMs: bench.latencyMs
  })
  await writeFile(path.join(config, 'config.json'), JSON.stringify({ api: simulator.url }))
  const definition = parseDefinition({ file: 'bench.yml', text: DEFINITION, digest: 'bench' })
  const [{ flags = {} } = {}] = definition.phases
  const { teamId, projectId } = simulator.identity
  const account = { token: TOKEN, teamId, projectId }
  const node = path.dirname(process.execPath)
  const baseEnv = { PATH: `${node}:/usr/bin:/bin`, HOME: folder, NO_PROXY: '127.0.0.1' }
  const sent: Sent[] = []
  const [command = 'vercel', ...leading] = bench.cli
  const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) }
  const log = { info: () => undefined, warning: () => undefined }
  // Looks are no part of this; one that sees nothing holds the rollout and changes nothing else.
  const database = refusingDatabase(
    new EvidenceError('no_database', 'There is none', 'None needed.')
  )
  let opened = 0

  return {
    simulator,
    flags,
    sent,
    vercel: async (...args) => {
      const all = [...leading, ...args, '--scope', teamId, '-Q', config]
      const child = promisify(execFile)(command, all, {
        cwd: site,
        env: cliEnvironment({ ...account, baseEnv })
      })
      child.child.stdin?.end()
      await child
    },
    open: async (onRecord = () => undefined) => {
      opened += 1
      const ledger = createGitLedger({
        folder: path.join(folder, `ledger-${opened}.git`),
        author: { name: 'bench', email: 'bench@localhost' },
        now: Date.now
      })
      return {
        definition,
        definitionFile: 'bench.yml',
        actor: { by: 'bench', run: `${opened}-1` },
        ledger: {
          read: ledger.read,
          append: async entry => {
            const head = await ledger.append(entry)
            onRecord(entry.events.map(event => ('step' in event ? event.step : event.kind)))
            return head
          }
        },
        ...createVercel({
          ...account,
          apiUrl: simulator.url,
          cwd: site,
          configFolder: path.join(folder, '.cli'),
          baseEnv,
          clock,
          log,
          cli: bench.cli,
          fetch: noting(sent),
          ...{ targets: definition.targets }
        }),
        ...database,
        metrics: { ...database.metrics, databaseNow: async () => new Date().toISOString() },
        ...NO_REPOSITORY,
        gates: TYPED,
        announcer: { announce: () => Promise.resolve() },
        clock,
        log,
        newId: randomUUID,
        sha256: text => createHash('sha256').update(text).digest('hex')
      }
    },
    clear: () => {
      for (const flag of Object.keys(flags)) simulator.setFlagByHand('production', flag, null)
    },
    close: async () => {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function noting(sent: Sent[]): typeof globalThis.fetch {
  return async (input, init) => {
    const { pathname } = new URL(String(input))
    const one = {
      method: init?.method ?? 'GET',
      path: pathname,
      startMs: performance.now(),
      endMs: Number.POSITIVE_INFINITY
    }
    sent.push(one)
    const response = await fetch(input, init)
    one.endMs = performance.now()
    return response
  }
}
