import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { createGitArchive } from '../../src/git/archive.ts'
import type { LoggedRequest } from '../../src/rehearsal/http/server.ts'
import { rehearsalDocument } from '../../src/rehearsal/rehearsal-document.ts'
import { renderVerificationLog } from '../../src/report/verification-log.ts'
import type { Definition } from '../../src/rollout/definition.ts'
import { enabledPhases } from '../../src/rollout/definition.ts'
import { checkpointName } from '../../src/rollout/duration.ts'
import { parseEventLog } from '../../src/rollout/event-log.ts'
import type { LedgerEvent, LookBody } from '../../src/rollout/events.ts'
import { type ReplayedRollout, replayOutcome } from '../../src/rollout/replay.ts'
import { fold, type State } from '../../src/rollout/state.ts'
import { REAL_CLI } from '../vercel/cli-under-test.ts'
import { type LedgerContent, readLedgerContent } from './ledger-content.ts'
import { replayed } from './proven.ts'
import { type Rehearsed, withRehearsal } from './rehearsal.ts'

// Four real deployments and thirty-odd looks; a server that starts on a busy machine.
jest.setTimeout(120_000)

const DEFINITION = '__tests__/fixtures/short.yml'
const ROLLOUT = 'assignment-pipeline-v3/1'

/** Writes down its arguments, then runs the real CLI with them. */
const RECORDER = `
import { appendFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
const [file, ...command] = process.argv.slice(2)
appendFileSync(file, JSON.stringify(process.argv) + '\\n')
const { status } = spawnSync(command[0], command.slice(1), { stdio: 'inherit' })
process.exit(status ?? 1)
`

/** What is left when the world is gone. */
interface Kept {
  readonly definition: Definition
  readonly state: State
  readonly looks: readonly LookBody[]
  readonly events: readonly LedgerEvent[]
  readonly requests: readonly LoggedRequest[]
  readonly violations: readonly string[]
  /** The targets of each environment variable record. */
  readonly targetsOf: ReadonlyMap<string, readonly string[]>
  readonly secrets: readonly string[]
  readonly approved: readonly string[]
  readonly document: object
  /** Output, ledger (unpacked) and arguments: path and text. */
  readonly texts: ReadonlyMap<string, string>
  readonly ledger: LedgerContent
  readonly replayed: readonly ReplayedRollout[]
}

let kept: Kept
let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'rollgate-recorder-'))
  const recorder = join(scratch, 'recorder.mjs')
  const argv = join(scratch, 'argv.jsonl')
  await writeFile(recorder, RECORDER)
  const cli = [process.execPath, recorder, argv, ...REAL_CLI]
  kept = await withRehearsal({ scenario: 'healthy', definitionFile: DEFINITION, cli }, async done =>
    keep(done, await readFile(argv, 'utf8'))
  )
}, 120_000)
afterAll(() => rm(scratch, { recursive: true }))

async function keep({ rehearsal, state, looks, folder }: Rehearsed, argv: string): Promise<Kept> {
  const { world, vercel, secrets, people } = rehearsal
  const texts = new Map([...(await readAll(folder)), ['argv', argv]])
  return {
    definition: world.definition,
    state,
    looks,
    events: (await world.ledger.read(world.definition.name)).events,
    requests: [...vercel.requests],
    violations: [...vercel.violations],
    targetsOf: new Map(vercel.envRecords().map(({ id, target }) => [id, target])),
    secrets,
    approved: people.approved,
    document: rehearsalDocument({ scenario: 'healthy', state, folder: '' }),
    texts,
    ledger: await readLedgerContent(join(folder, 'ledger.git')),
    replayed: await replayed(createGitArchive({ folder: join(folder, 'ledger.git') }))
  }
}

async function readAll(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  const texts = files.map(async entry => {
    const path = join(entry.parentPath, entry.name)
    return [path, textOf(path, await readFile(path))] as const
  })
  return new Map(await Promise.all(texts))
}

/** An object of the ledger is compressed; what is inside counts. */
function textOf(path: string, content: Buffer): string {
  return (/\/objects\/[0-9a-f]{2}\//u.test(path) ? inflateSync(content) : content).toString(
    'latin1'
  )
}

test('it is promoted, phase by phase', () => {
  const phases = enabledPhases(kept.definition)
  expect(kept.state.status).toBe('promoted')
  expect(kept.state.phases.map(({ name, status }) => [name, status])).toEqual(
    phases.map(({ name }) => [name, 'promoted'])
  )
})

test('it is approved where the definition has a gate, and nowhere else', () => {
  const gates = enabledPhases(kept.definition).flatMap(({ gate }) =>
    gate?.mode === 'environment' ? [gate.environment] : []
  )
  expect(gates.length).toBeGreaterThan(0)
  expect(kept.approved).toEqual(gates)
  const approvals = kept.events.flatMap(event =>
    event.kind === 'phase-applying' && event.approval ? [event.approval.how] : []
  )
  expect(approvals.map((how, i) => how.includes(gates[i] ?? ''))).toEqual(gates.map(() => true))
})

describe('the request log', () => {
  const isEnv = (path: string) => /^\/v\d+\/projects\/[^/]+\/env/u.test(path)
  const writes = () => kept.requests.filter(({ method, path }) => method !== 'GET' && isEnv(path))
  const indexOfDeployments = () =>
    kept.requests.flatMap(({ method, path }, index) =>
      method === 'POST' && path === '/v13/deployments' ? [index] : []
    )

  test('holds nothing that no client should ever send', () => {
    expect(kept.violations).toEqual([])
  })

  test('shows no value written without being read back before the next deployment', () => {
    expect(writes().length).toBeGreaterThan(0)
    for (const write of writes()) {
      const index = kept.requests.indexOf(write)
      const deployment = indexOfDeployments().find(at => at > index) ?? kept.requests.length
      const between = kept.requests.slice(index + 1, deployment)
      const { key } = (write.body ?? {}) as { readonly key?: string }
      const id = write.path.split('/').at(-1)
      const record = key === undefined ? `/env/${id}` : '/env/'
      const reads = between.filter(({ method, path }) => method === 'GET' && path.includes(record))
      expect(reads.length).toBeGreaterThan(0)
    }
  })

  test('shows no flag set on a target that the phase does not name', () => {
    const phases = enabledPhases(kept.definition)
    const deployments = indexOfDeployments()
    expect(deployments).toHaveLength(phases.length)
    phases.forEach(({ target }, index) => {
      const from = index === 0 ? 0 : (deployments[index - 1] ?? 0)
      const mine = kept.requests
        .slice(from, deployments[index])
        .filter(({ method, path }) => method !== 'GET' && isEnv(path))
      const targets = mine.flatMap(({ path, body }) => [
        ...((body as { target?: string[] } | undefined)?.target ?? []),
        ...(kept.targetsOf.get(path.split('/').at(-1) ?? '') ?? [])
      ])
      expect(targets.length).toBeGreaterThan(0)
      expect(targets.filter(written => written !== target)).toEqual([])
    })
  })

  test('shows one deployment per phase, each for its own target and with the intent in its meta', () => {
    const made = indexOfDeployments().map(
      at => kept.requests[at]?.body as { target?: string; meta?: Record<string, string> }
    )
    const applying = kept.events.filter(event => event.kind === 'phase-applying')
    expect(made.map(({ target, meta }) => [target ?? 'preview', meta?.['rollgate']])).toEqual(
      applying.map(({ target, id }) => [target, id])
    )
  })
})

describe('looks', () => {
  test('are made at exactly the checkpoints of the definition, once each, and in between', () => {
    for (const phase of enabledPhases(kept.definition)) {
      const mine = kept.looks.filter(look => look.phase === phase.name)
      const checkpoints = mine.flatMap(look => look.checkpoints)
      expect(checkpoints).toEqual(phase.checkpointsMs.map(checkpointName))
      const sentinels = mine.filter(look => look.checkpoints.length === 0)
      expect(sentinels.length).toBeGreaterThanOrEqual(Math.floor(phase.soakMs / 3_600_000))
      expect(mine.filter(look => look.decision === 'promote')).toHaveLength(1)
    }
  })

  test('leave manifest, one CSV per query and the reading behind for every checkpoint', async () => {
    const queries = (await readdir('sql/evidence')).map(name => name.replace('.sql', '.csv'))
    for (const phase of enabledPhases(kept.definition)) {
      for (const checkpoint of phase.checkpointsMs.map(checkpointName)) {
        const folder = `${ROLLOUT}/evidence/${phase.name}/${checkpoint}/`
        const files = [...kept.ledger.files.keys()]
          .filter(path => path.startsWith(folder))
          .map(path => path.slice(folder.length))
        expect(files.sort()).toEqual([...queries, 'manifest.json', 'reading.json'].sort())
        const manifest = JSON.parse(kept.ledger.files.get(`${folder}manifest.json`) ?? '')
        expect(manifest.checkpoint).toBe(checkpoint)
        expect(manifest.queries.filter((query: { error?: object }) => query.error)).toEqual([])
      }
    }
  })
})

describe('the ledger', () => {
  test('is a sound repository whose history is readable: one subject per group of events', () => {
    const { subjects } = kept.ledger
    expect(subjects.every(subject => /^assignment-pipeline-v3#1: \S/u.test(subject))).toBe(true)
    expect(subjects.slice(0, 4)).toEqual([
      'assignment-pipeline-v3#1: plan staging-shadow',
      'assignment-pipeline-v3#1: apply staging-shadow',
      'assignment-pipeline-v3#1: staging-shadow is live',
      expect.stringContaining('staging-shadow T+0')
    ])
    // The first commit starts the rollout as well.
    expect(subjects).toHaveLength(kept.events.length - 1)
    expect(subjects.length).toBeLessThan(80)
  })

  test('gives the same state and the same verification log from events.jsonl alone', () => {
    const text = kept.ledger.files.get(`${ROLLOUT}/events.jsonl`) ?? ''
    const events = parseEventLog(text, 'events.jsonl')
    const { definition } = kept
    const state = fold(events, enabledPhases(definition).at(-1)?.name ?? '')
    expect(state).toEqual(kept.state)
    expect(renderVerificationLog({ definition, state, events })).toBe(
      kept.ledger.files.get(`${ROLLOUT}/verification.md`)
    )
  })

  test('holds what every verdict and every decision follows from', () => {
    const [rollout, ...more] = kept.replayed
    expect(more).toEqual([])
    const looks = kept.events.filter(({ kind }) => kind === 'look').map(({ seq }) => seq)
    expect(rollout?.looks.map(({ look }) => look.seq)).toEqual(looks)
    expect(replayOutcome(kept.replayed)).toBe('agrees')
  })
})

test('no secret is in any file, any object of the ledger, any argument', () => {
  expect(kept.secrets).toHaveLength(2)
  expect(kept.texts.size).toBeGreaterThan(100)
  expect(kept.texts.get('argv')).toContain('--no-wait')
  for (const [path, text] of kept.texts) {
    expect({ path, leaks: kept.secrets.filter(secret => text.includes(secret)) }).toEqual({
      path,
      leaks: []
    })
  }
})

test('run twice, it comes to the same verdicts at the same moments', async () => {
  const again = await withRehearsal(
    { scenario: 'healthy', definitionFile: DEFINITION },
    async ({ state }) => rehearsalDocument({ scenario: 'healthy', state, folder: '' })
  )
  expect(again).toEqual(kept.document)
})
