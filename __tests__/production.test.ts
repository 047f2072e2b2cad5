import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { carryOut } from '../src/carry-out.ts'
import { INPUT_NAMES, type InputName, parseInputs } from '../src/inputs.ts'
import { createProduction, type Surroundings } from '../src/production.ts'
import type { PostgresServer } from '../src/rehearsal/postgres/server.ts'
import { PROJECT } from './bundle/program.ts'
import { SHORT } from './bundle/stage.ts'
import { type GithubTestWorld, startGithubWorld } from './github/world.ts'
import { freshDatabase, startTestServer } from './postgres/embedded.ts'

type Given = Partial<Record<InputName, string>>

const DATABASE_URL = 'postgres://u:secret@127.0.0.1:1/h'

let folder: string
const at = (name: string): string => path.join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-production-'))
  await writeFile(at('short.yml'), SHORT)
  await writeFile(at('own.yml'), SHORT.replace('metric: coordinator-events', 'metric: mine'))
  await writeFile(at('broken.yml'), SHORT.replace('soak: 1s', 'soak: soon'))
  await mkdir(at('metrics'))
  await writeFile(at('metrics/mine.sql'), '--! metric: mine\nSELECT 1\n')
  await mkdir(at('home'))
  await cp(path.join(PROJECT, 'sql'), at('home/sql'), { recursive: true })
  await writeFile(at('home/sql/evidence/99-broken.sql'), 'SELECT 1\n')
})
afterAll(() => rm(folder, { recursive: true }))

let opened = 0

/** The real world as a composition root opens it, and what it warned of. */
async function open(
  operation: string,
  given: Given = {},
  { home = PROJECT, ...more }: Partial<Surroundings> = {}
) {
  opened += 1
  const empty = Object.fromEntries(INPUT_NAMES.map(name => [name, '']))
  const inputs = parseInputs({
    ...(empty as Record<InputName, string>),
    operation,
    definition: at('short.yml'),
    ledger: `file:${at(`ledger-${opened}.git`)}`,
    reason: 'why',
    target: 'preview',
    ...given
  })
  const warnings: string[] = []
  const masked: string[] = []
  const surroundings: Surroundings = {
    place: 'action',
    actor: { by: 'ada', run: '1' },
    log: { info: () => undefined, warning: line => warnings.push(line) },
    announcer: { announce: async () => undefined },
    home,
    scratch: folder,
    env: {},
    mask: secret => masked.push(secret),
    ...more
  }
  const { world } = await createProduction(inputs, surroundings)
  return { world, warnings, masked, perform: () => carryOut(inputs, surroundings) }
}

/** What is done without the world of one rollout. */
async function errand(operation: string, given: Given) {
  opened += 1
  const empty = Object.fromEntries(INPUT_NAMES.map(name => [name, '']))
  const ledger = `file:${at(`ledger-${opened}.git`)}`
  const inputs = parseInputs({
    ...(empty as Record<InputName, string>),
    operation,
    ledger,
    ...given
  })
  return carryOut(inputs, {
    place: 'action',
    actor: { by: 'ada', run: '1' },
    log: { info: () => undefined, warning: () => undefined },
    announcer: { announce: async () => undefined },
    home: PROJECT,
    scratch: folder,
    env: {},
    mask: () => undefined
  })
}

const window = { since: '2026-03-02T09:00:00Z', until: '2026-03-02T10:00:00Z' }

/** What cannot be used, and the code that says so. */
const UNUSABLE: readonly (readonly [string, () => Given, string])[] = [
  [
    'connection string',
    () => ({ 'database-url': 'postgres://u:p%zz@h/db' }),
    'database_url_invalid'
  ],
  [
    'file of the authority',
    () => ({ 'database-url': DATABASE_URL, 'database-ca': at('nowhere.pem') }),
    'file_unreadable'
  ],
  [
    'certificate',
    () => ({
      'database-url': 'postgres://u:p@db.example/h',
      'database-ca': at('short.yml')
    }),
    'ca_certificate_invalid'
  ]
]

describe.each(UNUSABLE)('a %s that cannot be used', (_, given, code) => {
  test('is told by every question to the database', async () => {
    const { world } = await open('check', given())
    const refused = { name: 'InputError', code }
    const look = { metrics: [], parameters: {}, since: window.since, graceMs: 0 }
    await expect(world.metrics.look(look)).rejects.toMatchObject(refused)
    await expect(world.metrics.databaseNow()).rejects.toMatchObject(refused)
    await expect(world.database.inspectDatabase()).rejects.toMatchObject(refused)
    const request = { checkpoint: 'T+0', parameters: {}, ...window }
    await expect(world.evidence.collect(request)).rejects.toMatchObject(refused)
  })

  test('stops no operation that does not ask it', async () => {
    expect(await (await open('status', given())).perform()).toMatchObject({ exitCode: 0 })
    const rollback = (await open('rollback', given())).perform()
    await expect(rollback).rejects.toMatchObject({ code: 'nothing_to_roll_back' })
  })
})

test('an evidence query that cannot be read stops no look and is told in the manifest', async () => {
  const { world } = await open(
    'check',
    { 'database-url': DATABASE_URL },
    {
      home: at('home')
    }
  )
  await expect(world.metrics.databaseNow()).rejects.toMatchObject({ code: 'database_unreachable' })
  const request = { checkpoint: 'T+0', parameters: {}, ...window }
  const [manifest, ...others] = await world.evidence.collect(request)
  expect(others).toEqual([])
  expect(manifest?.path).toBe('manifest.json')
  expect(JSON.parse(manifest?.content ?? '')).toMatchObject({
    checkpoint: 'T+0',
    window,
    error: { code: 'sql_header_invalid', message: expect.stringContaining('99-broken.sql') },
    queries: []
  })
})

describe('metrics that cannot be loaded', () => {
  const broken = (): Given => ({ definition: at('own.yml'), metrics: at('metrics') })

  test.each(['next', 'rollback', 'hold', 'resume', 'flags', 'deploy'])(
    'do not concern %s',
    async operation => {
      const { world, warnings } = await open(operation, broken())
      expect(world.definition.name).toBe('short')
      expect(warnings).toEqual([])
    }
  )

  test('do not stop status, which says so', async () => {
    const { warnings } = await open('status', broken())
    expect(warnings).toEqual([expect.stringContaining('mine.sql')])
  })

  test('that nobody named do not stop a rollback of a definition that needs them', async () => {
    const { world } = await open('rollback', { definition: at('own.yml') })
    expect(world.definition.name).toBe('short')
  })

  test.each(['preflight', 'plan', 'apply', 'check', 'graduate', 'verify'])(
    'stop %s',
    async operation => {
      const opening = open(operation, { ...broken(), since: window.since })
      await expect(opening).rejects.toMatchObject({ code: 'sql_header_invalid' })
    }
  )

  test('are told by status, whatever it was that failed', async () => {
    const { warnings } = await open('status', { metrics: at('nowhere') })
    expect(warnings).toEqual([expect.stringContaining('nowhere cannot be read (ENOENT)')])
  })

  test('hide no other mistake of the definition', async () => {
    const opening = open('rollback', { ...broken(), definition: at('broken.yml') })
    await expect(opening).rejects.toMatchObject({ code: 'definition_invalid' })
  })

  test('are not warned of when they can', async () => {
    const metrics = at('good')
    await mkdir(metrics)
    const header = '--! metric: mine\n--! kind: count\n--! asks: Is it quiet?\n--! unit: event\n'
    await writeFile(at('good/mine.sql'), `${header}SELECT 1\n`)
    expect((await open('hold', { definition: at('own.yml'), metrics })).warnings).toEqual([])
  })
})

describe('a token that cannot be one', () => {
  const given = {
    'vercel-token': 'Bearer abc',
    'vercel-org-id': 'team_1',
    'vercel-project-id': 'prj_1'
  }

  test('stops no operation that needs no Vercel', async () => {
    expect(await (await open('status', given)).perform()).toMatchObject({ exitCode: 0 })
    const hold = (await open('hold', given)).perform()
    await expect(hold).rejects.toMatchObject({ code: 'not_under_way' })
    const resume = (await open('resume', given)).perform()
    await expect(resume).rejects.toMatchObject({ code: 'not_held' })
  })

  test.each(['flags', 'deploy', 'plan'])('is told by %s', async operation => {
    const asked = (await open(operation, given)).perform()
    await expect(asked).rejects.toMatchObject({ code: 'vercel_token_malformed' })
  })
})

describe('secrets that came empty', () => {
  test.each([
    ['flags', 'vercel_missing'],
    ['preflight', 'database_missing']
  ])('are told by %s in a job with the three reasons there are', async (operation, code) => {
    const { world } = await open(operation)
    const asked =
      code === 'vercel_missing' ? world.flags.read('preview', []) : world.metrics.databaseNow()
    await expect(asked).rejects.toMatchObject({
      code,
      remedy: expect.stringMatching(/not set in the environment.*another owner.*secrets: inherit/u)
    })
  })

  test('are told apart from variables, which come empty for other reasons', async () => {
    const { world } = await open('flags', { 'vercel-token': 'abc', 'vercel-org-id': 'team_1' })
    await expect(world.flags.read('preview', [])).rejects.toMatchObject({
      code: 'vercel_missing',
      remedy:
        'Hand vars.VERCEL_PROJECT_ID to the action. When that is done, it is not set: it is a variable of the environment that the job names, no secret (gh variable list --env …).'
    })
    const without = await open('flags', { 'vercel-org-id': 'team_1' })
    await expect(without.world.flags.read('preview', [])).rejects.toMatchObject({
      remedy: expect.stringMatching(
        /^Hand the secret VERCEL_TOKEN to the action.*secrets: inherit\. Hand vars\.VERCEL_PROJECT_ID /u
      )
    })
    const nothing = await open('flags', { 'vercel-token': 'abc' })
    await expect(nothing.world.flags.read('preview', [])).rejects.toMatchObject({
      remedy: expect.not.stringContaining('inherit')
    })
  })

  test('are told on the command line by how they are given there', async () => {
    const { world } = await open('flags', {}, { place: 'command' })
    await expect(world.metrics.databaseNow()).rejects.toMatchObject({
      remedy: expect.not.stringContaining('secrets: inherit')
    })
  })
})

describe('the database', () => {
  const edited = () =>
    writeFile(at('named.yml'), SHORT.replace('secret: DATABASE_URL', 'secret: SHOP_DB'))
  const env = { SHOP_DB: DATABASE_URL }

  test('is found on the command line under the name that the definition gives it, and masked', async () => {
    await edited()
    const given = { definition: at('named.yml') }
    const { world, masked } = await open('check', given, { place: 'command', env })
    await expect(world.metrics.databaseNow()).rejects.toMatchObject({
      code: 'database_unreachable'
    })
    expect(masked).toEqual([DATABASE_URL, 'secret'])
  })

  test('is given to the action as an input and in no other way', async () => {
    await edited()
    const { world } = await open('check', { definition: at('named.yml') }, { env })
    await expect(world.metrics.databaseNow()).rejects.toMatchObject({ code: 'database_missing' })
  })
})

describe('a ledger on a branch', () => {
  const branch = { ledger: 'branch:rollgate-ledger' }

  test.each([
    ['a token', {}, 'GITHUB_TOKEN'],
    ['a repository', { 'github-token': 'abc' }, 'GITHUB_REPOSITORY']
  ])('is refused without %s, with the way to give it', async (_, given, words) => {
    const { perform } = await open('status', { ...branch, ...given })
    await expect(perform()).rejects.toMatchObject({
      code: 'ledger_needs_github',
      message: expect.stringContaining(words)
    })
  })

  test('is no trouble for what needs no ledger', async () => {
    const { world } = await open('flags', branch)
    expect(world.gates.kind).toBe('typed')
  })

  test('comes in a job with reviewers, and on the command line with a typed name', async () => {
    const given = { ...branch, 'github-token': 'abc' }
    const env = { GITHUB_REPOSITORY: 'acme/shop', GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '2' }
    expect((await open('status', given, { env })).world.gates.kind).toBe('environments')
    const { world } = await open('status', given, { env, place: 'command' })
    expect(world.gates.kind).toBe('typed')
  })
})

describe('reported issues', () => {
  const metric = 'reported/customer-report'
  const parameters = { source: 'assignment.coordinator', environment: '' }
  const request = { metrics: [metric], parameters, since: window.since, graceMs: 0 }
  let server: PostgresServer
  let url: string
  let github: GithubTestWorld

  beforeAll(async () => {
    server = await startTestServer()
    const database = await freshDatabase(server)
    await database.setClock(Date.parse(window.until))
    url = database.connectionString('reader')
    github = await startGithubWorld()
    github.simulator.issueHands.report('customer-report')
  })
  afterAll(async () => {
    await github.close()
    await server.stop()
  })

  test('are read from the repository that the operation belongs to', async () => {
    const given = { 'database-url': url, 'github-token': github.token }
    const { repository, url: api } = github.simulator
    const env = { GITHUB_REPOSITORY: repository, GITHUB_API_URL: api }
    const { world } = await open('check', given, { env })
    const { answers } = await world.metrics.look(request)
    expect(answers).toEqual({
      [metric]: { kind: 'answered', rows: [expect.objectContaining({ hits: 1 })] }
    })
  })

  test.each([
    ['a token', {}, 'GITHUB_TOKEN'],
    ['a repository', { 'github-token': 'abc' }, 'GITHUB_REPOSITORY']
  ])('are unanswered without %s, with the way to give it', async (_, given, words) => {
    const { world } = await open('check', { 'database-url': url, ...given })
    const metrics = [...request.metrics, 'telemetry']
    const { answers } = await world.metrics.look({ ...request, metrics })
    expect(answers).toMatchObject({
      telemetry: { kind: 'answered' },
      [metric]: {
        kind: 'unanswered',
        code: 'reports_need_github',
        message: expect.stringContaining(words),
        remedy: expect.stringMatching(/github-token.*--repository/u)
      }
    })
  })
})

describe('what is due', () => {
  test('is found in every definition that can be read; the others are told', async () => {
    const definition = `${at('short.yml')}\n\n ${at('broken.yml')}\n`
    const performed = await errand('due', { definition })
    expect(performed.outputs['due']).toBe('[]')
    expect(performed.result).toMatchObject({
      failed: [{ definition: at('broken.yml'), code: 'definition_invalid' }]
    })
  })

  test('is not found where no definition can be read', async () => {
    await expect(errand('due', { definition: at('broken.yml') })).rejects.toMatchObject({
      code: 'definition_invalid'
    })
  })
})

test('a timer needs no definition, and says so when there is no monitor', async () => {
  await expect(errand('wake', { definition: at('nowhere.yml') })).rejects.toMatchObject({
    code: 'monitor_missing'
  })
})
