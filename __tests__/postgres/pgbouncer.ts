import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { freePort, type PostgresServer } from '../../src/rehearsal/postgres/server.ts'

/** A pooler in transaction mode, as Supabase's: one connection with the server for every role. */
export interface Pooler {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

const NOBODY = 65534

/** It refuses to run as root. @throws with its last words when it does not start */
export async function startPgbouncer(
  program: string,
  server: PostgresServer,
  users: readonly string[]
): Promise<Pooler> {
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rollgate-pgbouncer-'))
  if (account.uid !== undefined) chownSync(folder, NOBODY, NOBODY)
  const port = await freePort()
  const [settings, accounts] = ['pgbouncer.ini', 'users'].map(name => path.join(folder, name))
  // Readable for the account it runs as, like the folder.
  writeFileSync(accounts ?? '', users.map(user => `"${user}" "${server.password}"\n`).join(''))
  writeFileSync(settings ?? '', settingsFor(server, port, accounts ?? ''))
  const child = spawn(program, [settings ?? ''], {
    ...account,
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const stop = async (): Promise<void> => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilUp(child)
  } catch (error) {
    await stop()
    throw error
  }
  return { host: '127.0.0.1', port, stop }
}

function settingsFor(server: PostgresServer, port: number, accounts: string): string {
  return `[databases]
* = host=${server.host} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${accounts}
pool_mode = transaction
default_pool_size = 1
`
}

function untilUp(child: ChildProcess): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error(`pgbouncer did not start: ${log}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk
      if (log.includes('process up')) resolve()
    })
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise(resolve => child.once('exit', resolve))
  // At once: SIGINT would wait for every client to leave.
  child.kill('SIGTERM')
  await over
}
