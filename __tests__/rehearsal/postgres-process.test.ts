import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { buildSync } from 'esbuild'

jest.setTimeout(60_000)

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = `
  import { startPostgresServer } from './src/rehearsal/postgres/server.ts'
  const { port, dataFolder } = await startPostgresServer()
  console.log(JSON.stringify({ port, dataFolder }))
  setInterval(() => {}, 1000)`

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-bundle-'))
  await chmod(folder, 0o755)
  await symlink(path.join(PROJECT, 'node_modules'), path.join(folder, 'node_modules'))
  buildSync({
    stdin: { contents: PROGRAM, resolveDir: PROJECT, loader: 'ts' },
    outfile: path.join(folder, 'program.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'\nconst require = _createRequire(import.meta.url)"
    }
  })
})
afterAll(() => rm(folder, { recursive: true }))

const ACCOUNTS: readonly [string, { readonly uid?: number; readonly gid?: number }][] = [
  ['this account', {}],
  ...(process.getuid?.() === 0
    ? [['an ordinary account', { uid: 65534, gid: 65534 }] as [string, object]]
    : [])
]

test.each(ACCOUNTS)(
  'a bundled program under %s starts a server that dies with it',
  async (_, ids) => {
    const program = spawn(process.execPath, [path.join(folder, 'program.mjs')], {
      ...ids,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const [line] = await once(program.stdout, 'data')
    const { port, dataFolder } = JSON.parse(String(line))
    expect(await answers(port)).toBe(true)

    program.kill('SIGKILL')
    await once(program, 'exit')
    await until(async () => !(await answers(port)) && !existsSync(dataFolder))
  }
)

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => resolve(socket.end() !== undefined))
  })
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 20))
}
