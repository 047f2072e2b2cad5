import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { COMMAND, type Running, start, whileRunning } from './program.ts'

jest.setTimeout(60_000)

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-rehearse-'))
  await mkdir(path.join(folder, 'tmp'))
  // The database server runs under another account where this one is root.
  for (const each of [folder, path.join(folder, 'tmp')]) await chmod(each, 0o755)
})
afterAll(() => rm(folder, { recursive: true }))

function rehearse(...args: readonly string[]): Running {
  const proxy = 'http://127.0.0.1:9'
  const proxies = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy }
  const env = { HOME: folder, TMPDIR: path.join(folder, 'tmp'), ...proxies }
  return start(COMMAND, ['rehearse', '--scenario', 'dead-telemetry', ...args], { cwd: folder, env })
}

test('a rehearsal that is interrupted takes its database server with it', async () => {
  const running = rehearse()
  const pid = await whileRunning(running, serverPid)
  running.child.kill('SIGINT')
  expect(await running.ended).toMatchObject({ signal: 'SIGINT', stderr: '' })
  await untilGone(pid)
})

test('a rehearsal of silence, behind a proxy that is away, ends held, replaces the folder of an earlier one, and prints one document', async () => {
  const { code, stdout, stderr } = await rehearse('--json').ended
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
  const document = JSON.parse(stdout)
  expect(document).toMatchObject({
    version: 1,
    scenario: 'dead-telemetry',
    status: 'held',
    exitCode: 2
  })
  const results = path.join(folder, 'rehearsal', 'dead-telemetry')
  expect((await readdir(results)).sort()).toEqual([
    'definitions',
    'evidence',
    'ledger.git',
    'operations.log',
    'requests.log',
    'result.json',
    'summaries',
    'summary.md',
    'verification.md'
  ])
  expect(JSON.parse(await readFile(path.join(results, 'result.json'), 'utf8'))).toEqual(document)
  expect(await serverFolder()).toBeUndefined()
})

test('a folder that no rehearsal has made is left alone', async () => {
  const theirs = path.join(folder, 'theirs', 'dead-telemetry')
  await mkdir(theirs, { recursive: true })
  await writeFile(path.join(theirs, 'thesis.txt'), 'years of work')
  const refused = await rehearse('--output', 'theirs').ended
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('(output_in_use)')
  expect(await readdir(theirs)).toEqual(['thesis.txt'])
})

async function serverFolder(): Promise<string | undefined> {
  const names = await readdir(path.join(folder, 'tmp'))
  return names.find(name => name.startsWith('rollgate-postgres-'))
}

/** The server has written its process id when it is there at all. */
async function serverPid(): Promise<number | undefined> {
  const server = await serverFolder()
  if (server === undefined) return undefined
  const file = path.join(folder, 'tmp', server, 'data', 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.includes('ready') ? Number(text.split('\n')[0]) : undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Its guardian gives the server a second to end by itself. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid) || (await serverFolder()) !== undefined) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
