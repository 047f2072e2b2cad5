import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { RollgateError } from '../../rollout/rollgate-error.ts'
import { findBinaries, prepareBinaries } from './binaries.ts'
import { type Guardian, guard } from './guardian.ts'

/** A real PostgreSQL on a port of this machine, thrown away with everything in it. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  /** Of the superuser `postgres`. */
  readonly password: string
  /** The server's own folder; certificates go here. */
  readonly dataFolder: string
  /** Connection string of the superuser. */
  connectionString(database?: string): string
  /** Ends every connection and removes the folder. Stopping twice is stopping once. */
  stop(): Promise<void>
}

export interface ServerOptions {
  /** `postgresql.conf` settings beside the ones that make a throw-away server fast. */
  readonly settings?: Readonly<Record<string, string>>
  /** Folder with `bin/postgres`; the packaged server when absent. */
  readonly home?: string
}

/** The account the server runs as: PostgreSQL refuses to run as root. */
type Account = { readonly uid?: number; readonly gid?: number }

interface Cluster {
  readonly folder: string
  readonly home: string
  readonly data: string
  readonly password: string
  readonly account: Account
}

interface Running {
  readonly child: ChildProcess
  readonly guardian: Guardian | undefined
  readonly port: number
}

const HOST = '127.0.0.1'
const NOBODY = 65534
const READY = 'ready to accept connections'
const PORT_ATTEMPTS = 5

const THROW_AWAY_SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '64MB',
  timezone: 'UTC',
  // Containers often have a /dev/shm too small for the default.
  dynamic_shared_memory_type: 'mmap'
}

/**
 * Starts a fresh server, about a second. It ends with this process, however that ends.
 * @throws RollgateError when no binaries are there or they do not run
 */
export async function startPostgresServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const binaries = findBinaries(options.home)
  const account: Account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const folder = makeFolder(account)
  try {
    const home = prepareBinaries(binaries, folder, account)
    const cluster = await initialise({ folder, home, account })
    const running = await run(cluster, { ...THROW_AWAY_SETTINGS, ...options.settings })
    return serverOf(cluster, running)
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function serverOf(cluster: Cluster, { child, guardian, port }: Running): PostgresServer {
  let stopped: Promise<void> | undefined
  return {
    host: HOST,
    port,
    password: cluster.password,
    dataFolder: cluster.data,
    connectionString: (database = 'postgres') =>
      `postgresql://postgres:${cluster.password}@${HOST}:${port}/${database}`,
    stop: () => {
      stopped ??= end(child, cluster.folder, guardian)
      return stopped
    }
  }
}

async function end(
  child: ChildProcess,
  folder: string,
  guardian: Guardian | undefined
): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise(resolve => child.once('exit', resolve))
    // SIGINT is the fast shutdown; SIGTERM would wait for every client to leave.
    child.kill('SIGINT')
    await ended
  }
  guardian?.release()
  fs.rmSync(folder, { recursive: true, force: true })
}

function makeFolder(account: Account): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollgate-postgres-'))
  if (account.uid !== undefined) fs.chownSync(folder, account.uid, NOBODY)
  return folder
}

async function initialise(base: Pick<Cluster, 'folder' | 'home' | 'account'>): Promise<Cluster> {
  const cluster = {
    ...base,
    data: path.join(base.folder, 'data'),
    password: randomBytes(12).toString('hex')
  }
  const passwordFile = path.join(base.folder, 'password')
  fs.writeFileSync(passwordFile, cluster.password, { mode: 0o600 })
  if (base.account.uid !== undefined) fs.chownSync(passwordFile, base.account.uid, NOBODY)
  await initdb(cluster, passwordFile)
  fs.rmSync(passwordFile)
  return cluster
}

async function initdb({ home, data, account }: Cluster, passwordFile: string): Promise<void> {
  const args = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
  try {
    await promisify(execFile)(
      path.join(home, 'bin', 'initdb'),
      [...args, '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...account, cwd: '/', env: environment() }
    )
  } catch (error) {
    throw new RollgateError(
      'postgres_failed',
      'PostgreSQL could not make its data folder.',
      `Run ${home}/bin/initdb by hand; the temporary folder must be reachable for its account.`,
      error
    )
  }
}

/** The port is free when it is picked and may be taken when it is used; then another one is tried. */
async function run(cluster: Cluster, settings: Readonly<Record<string, string>>): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(cluster, await freePort(), settings)
    } catch (error) {
      const clash =
        error instanceof RollgateError && error.message.includes('Address already in use')
      if (!clash || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

async function launch(
  { home, data, folder, account }: Cluster,
  port: number,
  settings: Readonly<Record<string, string>>
): Promise<Running> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(
    path.join(home, 'bin', 'postgres'),
    ['-D', data, '-p', String(port), ...flags],
    { ...account, cwd: '/', env: environment(), stdio: ['ignore', 'ignore', 'pipe'] }
  )
  // Before it is ready: a process that dies while waiting leaves no server either.
  const guardian = child.pid === undefined ? undefined : guard(child.pid, folder)
  try {
    await untilReady(child)
    return { child, guardian, port }
  } catch (error) {
    guardian?.release()
    throw error
  }
}

function untilReady(child: ChildProcess): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown) => {
      const message = `PostgreSQL did not start: ${log.trim().split('\n').slice(-6).join(' / ')}`
      reject(
        new RollgateError(
          'postgres_failed',
          message,
          'Act on its last words above; a full disk is the usual reason.',
          cause
        )
      )
    }
    child.once('error', fail)
    // Not `exit`: its last words, which tell a taken port from a broken server, may still be coming.
    child.once('close', () => fail())
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk).slice(-4000)
      if (log.includes(READY)) resolve()
    })
  })
}

/** English messages, whatever the machine speaks: the ready line is recognised by its words. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C' }
}

/** Of this machine; nothing keeps another process from taking it meanwhile. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once('error', reject)
    probe.listen(0, HOST, () => {
      const { port } = probe.address() as net.AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
