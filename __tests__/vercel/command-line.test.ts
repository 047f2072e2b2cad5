import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type CliOptions, createVercelCli } from '../../src/vercel/command-line.ts'
import { TOKEN } from './world.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollgate-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A command that runs a script with the arguments a CLI would get. */
function cliOf(script: string, more: Partial<CliOptions> = {}) {
  return createVercelCli({
    command: [process.execPath, '-e', script, '--'],
    cwd: folder,
    configFolder: join(folder, 'config'),
    token: TOKEN,
    teamId: 'team_abc123',
    projectId: 'prj_1',
    baseEnv: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      CLAUDECODE: '1',
      AI_AGENT: 'x',
      DATABASE_URL: 'postgres://secret'
    },
    limitMs: 20_000,
    ...more
  })
}

test('T16: the CLI gets an allow-list of variables and the credentials, and nothing else', async () => {
  const { stdout } = await cliOf('console.log(JSON.stringify(process.env))')([])
  expect(Object.keys(JSON.parse(stdout)).sort()).toEqual([
    'HOME',
    'NO_COLOR',
    'NO_UPDATE_NOTIFIER',
    'PATH',
    'VERCEL_CLI_USE_NATIVE_BINARY',
    'VERCEL_ORG_ID',
    'VERCEL_PROJECT_ID',
    'VERCEL_TELEMETRY_DISABLED',
    'VERCEL_TOKEN'
  ])
})

test('the token is in no argument and is taken out of what the CLI prints', async () => {
  const script =
    'console.log(process.argv.slice(1).join()); console.error(process.env.VERCEL_TOKEN)'
  const { stdout, stderr } = await cliOf(script)(['deploy', '-m', 'a=b c'])
  expect(stdout.trim()).toBe(`deploy,-m,a=b c,-Q,${join(folder, 'config')}`)
  expect(stderr.trim()).toBe('…')
})

test('T4: standard input is at its end from the start', async () => {
  const script = "process.stdin.on('end', () => console.log('ended')).resume()"
  expect((await cliOf(script)([])).stdout.trim()).toBe('ended')
})

test('cursor codes are taken out of standard error, and the exit code is handed on', async () => {
  const script = String.raw`process.stderr.write('a\u001b[2K\u001b[1Ab'); process.exitCode = 3`
  expect(await cliOf(script)([])).toEqual({ exitCode: 3, stdout: '', stderr: 'ab' })
})

test('a CLI that hangs is killed at the limit', async () => {
  const { exitCode } = await cliOf('setInterval(() => {}, 1000)', { limitMs: 300 })([])
  expect(exitCode).toBe(124)
})

test('a CLI that is not installed has an exit code of its own', async () => {
  const { exitCode } = await cliOf('', { command: ['no-such-vercel'] })(['deploy'])
  expect(exitCode).toBe(127)
})

test('a folder that is not there is a failed run with words', async () => {
  const run = await cliOf('', { cwd: join(folder, 'missing') })(['deploy'])
  expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('does not exist') })
})

test('another API is told through a private configuration, the real one is left alone', async () => {
  const config = join(folder, 'config', 'config.json')
  await cliOf('')([])
  expect(await readFile(config, 'utf8')).toBe('{}')
  await cliOf('', { apiUrl: 'http://127.0.0.1:4510' })([])
  expect(await readFile(config, 'utf8')).toBe('{"api":"http://127.0.0.1:4510"}')
  expect((await stat(config)).mode & 0o077).toBe(0)
})
