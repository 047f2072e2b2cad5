import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type Ended, whileRunning } from './program.ts'
import {
  openTheatre,
  type Performed,
  raiseStage,
  SHORT,
  type Stage,
  type Theatre,
  TOKEN
} from './stage.ts'
import { type Begun, openWatch, type Watch } from './watch.ts'

jest.setTimeout(60_000)

const PASSWORD = "p@ss/w%rd:'é#?"

let theatre: Theatre
let stage: Stage
let secrets: readonly string[]
/** The connection string without the name of the database. */
let url: string

beforeAll(async () => {
  theatre = await openTheatre()
  url = `postgresql://rollgate_reader:${encodeURIComponent(PASSWORD)}@127.0.0.1:${theatre.server.port}`
  stage = await raiseStage(theatre, {
    cli: 'real',
    env: { DATABASE_URL: `${url}/stage_1` }
  })
  await setPassword(stage)
  const [, encoded = ''] = /:([^:@]+)@/u.exec(url) ?? []
  secrets = [TOKEN, url, encoded, PASSWORD]
})
afterAll(() => theatre.close())

/** A stage that is raised gives the role another one. */
function setPassword({ database }: Stage): Promise<unknown> {
  return database.query(`alter role rollgate_reader password '${PASSWORD.replaceAll("'", "''")}'`)
}

/** The secrets in a text, so that a failure does not have to print it. */
function leaked(text: string, sought = secrets): readonly string[] {
  return sought.filter(secret => text.includes(secret))
}

test('a deployment shows its secrets on no command line and in no file while it runs', async () => {
  const { simulator, folder } = stage
  simulator.faults.inject({
    method: 'POST',
    path: /\/deployments$/u,
    effect: { kind: 'delay', ms: 1500 }
  })
  const running = stage.startCommand('apply', '--json')
  await whileRunning(running, () =>
    simulator.requests.find(({ method, path }) => method === 'POST' && /deployments$/u.test(path))
  )

  const files = await written(folder)
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^tmp\/rollgate-\w+\/vercel\/config\.json$/u)])
  )
  expect(leaked(Object.values(files).join('\n'))).toEqual([])
  if (existsSync('/proc/self/cmdline')) {
    const lines = await commandLines(running.child.pid ?? 0)
    expect(lines.length).toBeGreaterThanOrEqual(3)
    expect(lines.join('\n')).toContain('deploy\0--no-wait')
    expect(leaked(lines.join('\n'))).toEqual([])
  }

  const { code, stdout, stderr } = await running.ended
  expect(code).toBe(0)
  expect(leaked(stdout + stderr)).toEqual([])
})

test('what is left behind afterwards, the ledger and the scratch folder too, holds no secret', async () => {
  const files = await written(stage.folder)
  expect(Object.keys(files).some(name => name.startsWith('ledger.git/objects/'))).toBe(true)
  expect(leaked(Object.values(files).join('\n'))).toEqual([])
  // Node's own cache of compiled code, from Node 22 on; nothing of ours.
  const left = (await readdir(path.join(stage.folder, 'tmp'))).filter(
    name => name !== 'node-compile-cache'
  )
  expect(left).toEqual([])
})

const MISFORTUNES: readonly (readonly [string, string, () => Readonly<Record<string, string>>])[] =
  [
    ['a wrong database password', 'plan', () => ({ DATABASE_URL: withPassword('wr0ng%2Fsecret') })],
    [
      'a password that was not encoded',
      'preflight',
      () => ({ DATABASE_URL: withPassword('wr0ng@secret') })
    ],
    ['a broken connection string', 'check', () => ({ DATABASE_URL: withPassword('wr0ng/secret') })],
    ['a wrong token', 'plan', () => ({ VERCEL_TOKEN: 'wr0ngsecret' })],
    ['a malformed token', 'check', () => ({ VERCEL_TOKEN: 'Bearer wr0ngsecret' })]
  ]

function withPassword(password: string): string {
  return `postgresql://rollgate_reader:${password}@127.0.0.1:${theatre.server.port}/stage_1`
}

test.each(MISFORTUNES)('%s is told without telling it', async (_, operation, other) => {
  const env = other()
  const performed = await stage.action({
    operation,
    ...(env['DATABASE_URL'] ? { 'database-url': env['DATABASE_URL'] } : {}),
    ...(env['VERCEL_TOKEN'] ? { 'vercel-token': env['VERCEL_TOKEN'] } : {})
  })
  const { stdout, stderr, outputs, summary } = performed
  const log = stdout.replaceAll(/^::add-mask::.*$/gmu, '')
  expect(log + stderr + JSON.stringify(outputs) + summary).not.toMatch(/wr0ng|secretToken/u)
})

const BYPASS = 'bypassSecretThatMustNotLeak'
const GITHUB_TOKEN = 'githubTokenThatMustNotLeak'
/** Values of variables that no flag has to do with. */
const UNRELATED = {
  encrypted: 'encryptedValueThatMustNotLeak',
  sensitive: 'sensitiveValueThatMustNotLeak'
}
/** What the flag says before the rollout, in its phase, and after its rollback. */
const MODES = ['formerModeThatMustNotLeak', 'wantedModeThatMustNotLeak', 'safeModeThatMustNotLeak']
const [FORMER = '', WANTED = '', SAFE = ''] = MODES

const PROBED = SHORT.replaceAll('FEATURE_MODE: fast', `FEATURE_MODE: ${WANTED}`)
  .replace('FEATURE_MODE: slow', `FEATURE_MODE: ${SAFE}`)
  .replace('soak: 1s', 'effect: { probe: { path: /api/health, contains: ok } }\n    soak: 1s')

/** What a build may say of the variables it was made with. */
const CHATTY = [
  `using ${TOKEN} and ${UNRELATED.encrypted}`,
  `PAYMENT_SECRET=${UNRELATED.sensitive}`,
  `mode ${WANTED} does not compile`
]

describe.each(['command', 'action'] as const)('a full run of the %s', place => {
  let watch: Watch
  let full: Stage
  let steps: readonly (Ended & Partial<Performed>)[]
  let begun: readonly Begun[]
  /** What nobody may see anywhere. */
  let hidden: readonly string[]

  beforeAll(async () => {
    watch = await openWatch()
    full = await raiseProtected(watch)
    hidden = [...secrets, BYPASS, GITHUB_TOKEN, ...Object.values(UNRELATED)]
    full.simulator.failNextBuild('the build ended with 1', CHATTY)
    steps = [
      await step('apply'),
      await step('apply'),
      await step('check'),
      await step('rollback', 'a feeling')
    ]
    begun = await watch.begun()
  })
  afterAll(() => watch.close())

  function step(operation: string, reason?: string): Promise<Ended> {
    const cli = watch.cli(path.join(theatre.bin, 'vercel'))
    if (place === 'command') {
      return full.command(operation, '--vercel-cli', cli, ...(reason ? ['--reason', reason] : []))
    }
    const given = { operation, 'vercel-cli': cli, ...(reason ? { reason } : {}) }
    return full.action({ ...given, 'vercel-bypass': BYPASS, 'github-token': GITHUB_TOKEN })
  }

  /** What is printed while it runs; of the action without the masks, which the runner takes away. */
  const logOf = ({ stdout, stderr }: Ended): string =>
    place === 'command' ? stderr : stdout.replaceAll(/^::add-mask::.*$/gmu, '') + stderr

  /** What is meant to be read afterwards, with the flags of the phases as the definition has them. */
  const reportOf = ({ stdout, summary }: (typeof steps)[number]): string => summary ?? stdout

  test('uses every secret: a build fails, a protected site is probed, all is taken back', () => {
    const [failed, applied, checked, rolledBack] = steps
    if (failed) expect(logOf(failed)).toMatch(/does not compile[\s\S]*deploy_failed/u)
    expect([failed?.code, applied?.code, checked?.code]).toEqual([1, 0, 0])
    if (applied) expect(reportOf(applied)).toContain('GET /api/health')
    if (rolledBack) expect(reportOf(rolledBack)).toContain('a feeling')
    const probes = full.simulator.requests.filter(one => one.path.startsWith('/__edge/'))
    expect(probes.map(({ headers }) => headers['x-vercel-protection-bypass'])).toContain(BYPASS)
    expect(full.simulator.valueOf('preview', 'FEATURE_MODE')).toBe(SAFE)
    expect(full.simulator.violations).toEqual([])
  })

  test('prints no secret, no value of another variable, and in its log no value of a flag', () => {
    const told = steps.map(one => [logOf(one), reportOf(one), JSON.stringify(one.outputs)].join())
    expect(leaked(told.join('\n'), [...hidden, FORMER])).toEqual([])
    const log = steps.map(one => logOf(one) + JSON.stringify(one.outputs))
    expect(leaked(log.join('\n'), MODES)).toEqual([])
  })

  test('starts no process with a secret or a value, but for the token in its environment', () => {
    const byWhom = begun.map(({ by }) => by)
    expect(byWhom).toEqual(expect.arrayContaining(['rollgate', 'watchdog']))
    const argv = begun.flatMap(one => one.argv).join('\n')
    expect(leaked(argv, [...hidden, ...MODES])).toEqual([])
    for (const { env } of begun) {
      const { VERCEL_TOKEN, ...rest } = env
      expect(VERCEL_TOKEN === TOKEN).toBe(true)
      expect(leaked(JSON.stringify(rest), [...hidden, ...MODES])).toEqual([])
      expect(Object.keys(rest)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(PRIVATE)])
      )
    }
  })

  test('leaves none behind, and shows the CLI none: ledger, configuration, scratch, summary', async () => {
    const during = begun.map(({ files }) => files)
    const configurations = during.flatMap(Object.keys).filter(name => name.endsWith('config.json'))
    expect(configurations.length).toBeGreaterThanOrEqual(3)
    expect(leaked(JSON.stringify(during), [...hidden, ...MODES])).toEqual([])

    const after = await written(full.folder)
    const names = Object.keys(after)
    expect(names.some(name => name.startsWith('ledger.git/objects/'))).toBe(true)
    // What is packed would not be seen.
    expect(names.filter(name => name.endsWith('.pack'))).toEqual([])
    expect(leaked(Object.values(after).join('\n'), hidden)).toEqual([])
    // The ledger keeps the former values, for the way back; nothing else does.
    const elsewhere = names.filter(name => !name.startsWith('ledger.git/'))
    expect(leaked(elsewhere.map(name => after[name]).join('\n'), [FORMER])).toEqual([])
  })
})

/** Names of what a child process has no business with. */
const PRIVATE = /DATABASE|BYPASS|GITHUB|GH_TOKEN|INPUT_|NODE_OPTIONS/u

/** A stage whose sites ask for the bypass, with two variables that no flag has to do with. */
async function raiseProtected(watch: Watch): Promise<Stage> {
  const flags = { FEATURE: 'false', FEATURE_MODE: FORMER }
  const raised = await raiseStage(theatre, {
    simulator: { flags: { preview: flags, production: flags }, switches: { protection: BYPASS } },
    env: {
      DATABASE_URL: `${url}/stage_${theatre.stages.length + 1}`,
      VERCEL_AUTOMATION_BYPASS_SECRET: BYPASS,
      GITHUB_TOKEN,
      ...watch.env
    }
  })
  const target = ['preview', 'production']
  for (const [type, value] of Object.entries(UNRELATED)) {
    raised.simulator.plantRecord({ key: `UNRELATED_${type}`, value, type, target })
  }
  await writeFile(path.join(raised.folder, 'short.yml'), PROBED)
  await watch.leadTo(raised.simulator)
  await setPassword(raised)
  return raised
}

/** Every file of a folder by its relative name, git objects as they read. */
async function written(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  const read = files.map(async ({ parentPath, name }) => {
    const file = path.join(parentPath, name)
    const bytes = await readFile(file)
    const isObject = /\/objects\/[0-9a-f]{2}\//u.test(file)
    return [path.relative(folder, file), String(isObject ? inflateSync(bytes) : bytes)] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

/** What `ps` would show of a process and everything it has started; Linux only. */
async function commandLines(pid: number): Promise<readonly string[]> {
  const tasks = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const children = tasks.split(' ').filter(Boolean).map(Number)
  const nested = await Promise.all(children.map(commandLines))
  return [await readFile(`/proc/${pid}/cmdline`, 'utf8'), ...nested.flat()]
}
