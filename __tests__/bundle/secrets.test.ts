import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { whileRunning } from './program.ts'
import { openTheatre, raiseStage, type Stage, type Theatre, TOKEN } from './stage.ts'

jest.setTimeout(60_000)

const PASSWORD = "p@ss/w%rd:'é#?"

let theatre: Theatre
let stage: Stage
let secrets: readonly string[]

beforeAll(async () => {
  theatre = await openTheatre()
  const url = `postgresql://rollgate_reader:${encodeURIComponent(PASSWORD)}@127.0.0.1:${theatre.server.port}`
  stage = await raiseStage(theatre, {
    cli: 'real',
    env: { DATABASE_URL: `${url}/stage_1` }
  })
  await stage.database.query(
    `alter role rollgate_reader password '${PASSWORD.replaceAll("'", "''")}'`
  )
  const [, encoded = ''] = /:([^:@]+)@/u.exec(url) ?? []
  secrets = [TOKEN, url, encoded, PASSWORD]
})
afterAll(() => theatre.close())

/** The secrets in a text, so that a failure does not have to print it. */
function leaked(text: string): readonly string[] {
  return secrets.filter(secret => text.includes(secret))
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
