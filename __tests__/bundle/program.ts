import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

/** The folder whose `dist/` is tested: the repository's, unless a private build is to be tried. */
const HOME = process.env['ROLLGATE_HOME'] ?? PROJECT
/** The `rollgate` command. */
export const COMMAND = path.join(HOME, 'dist', 'cli.js')
/** The GitHub action. */
export const ACTION = path.join(HOME, 'dist', 'index.js')

export interface Surroundings {
  readonly cwd?: string
  /** All that the process sees of this one's environment is what stands here. */
  readonly env?: Readonly<Record<string, string>>
  /** Standard input; closed at once unless told. */
  readonly input?: string
  /** Another account, where this one may take it. */
  readonly uid?: number
}

/** How a process ended and everything it said. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export const PATH = `${path.dirname(process.execPath)}:/usr/bin:/bin`

/** Starts a bundle in an environment of our choosing. */
export function start(
  bundle: string,
  args: readonly string[],
  { cwd = '/', env = {}, input = '', uid }: Surroundings = {}
): Running {
  const child = spawn(process.execPath, [bundle, ...args], {
    cwd,
    env: { PATH, ...env },
    ...(uid === undefined ? {} : { uid })
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    said.stderr += text
  })
  // A process that has ended before it read everything is no concern of the one that wrote.
  child.stdin.on('error', () => undefined).end(input)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...said }))
  })
  return { child, ended }
}

/** Runs a bundle to its end. */
export function run(
  bundle: string,
  args: readonly string[],
  surroundings?: Surroundings
): Promise<Ended> {
  return start(bundle, args, surroundings).ended
}

/** What `look` finds as soon as it finds something; looks again until the process has ended. */
export async function whileRunning<T>(
  { ended }: Running,
  look: () => Promise<T | undefined> | T | undefined
): Promise<T> {
  let last: Ended | undefined
  ended.then(
    end => {
      last = end
    },
    () => undefined
  )
  while (last === undefined) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`The process ended too early: ${last.stderr}`)
}
