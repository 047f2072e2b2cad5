import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isNativeError } from 'node:util/types'
import { getExecOutput } from '@actions/exec'
import { hide, stripControl } from './printed-text.ts'

/** What one run of the CLI left behind; none of it holds the token. */
export interface CliRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the Vercel CLI with these arguments. */
export type VercelCli = (args: readonly string[]) => Promise<CliRun>

export interface CliOptions {
  /** Command and leading arguments. */
  readonly command: readonly string[]
  /** The folder that is deployed. */
  readonly cwd: string
  /** Private folder for the CLI's own configuration. */
  readonly configFolder: string
  /** Given only when it is not the real API. */
  readonly apiUrl?: string
  readonly token: string
  readonly teamId: string
  readonly projectId: string
  /** Variables of the surroundings that the CLI may need; others are not handed on. */
  readonly baseEnv: Readonly<Record<string, string>>
  /** Real time after which the CLI is killed. */
  readonly limitMs: number
}

export const EXIT_KILLED = 124
export const EXIT_MISSING = 127

/**
 * Runs its arguments as a command and kills it at the limit: @actions/exec offers no handle on the
 * child it starts, so the limit has to live in that child.
 */
const WATCHDOG = `
const [limit, command, ...args] = process.argv.slice(1)
const options = { stdio: 'inherit', timeout: Number(limit), killSignal: 'SIGKILL' }
const { status, error } = require('node:child_process').spawnSync(command, args, options)
const exits = { ENOENT: ${EXIT_MISSING}, ETIMEDOUT: ${EXIT_KILLED} }
process.exitCode = error ? (exits[error.code] ?? 1) : (status ?? 1)
`

/** The real CLI, in an environment of our choosing and never for longer than the limit. */
export function createVercelCli(options: CliOptions): VercelCli {
  const { command, configFolder, token, limitMs } = options
  return async args => {
    await writeConfig(configFolder, options.apiUrl)
    const given = ['-e', WATCHDOG, '--', String(limitMs), ...command, ...args, '-Q', configFolder]
    const { exitCode, stdout, stderr } = await run(options, given)
    return { exitCode, stdout: hide(stdout, [token]), stderr: hide(stripControl(stderr), [token]) }
  }
}

async function run(options: CliOptions, args: string[]): Promise<CliRun> {
  try {
    return await getExecOutput(`"${process.execPath}"`, args, {
      cwd: options.cwd,
      env: cliEnvironment(options),
      // Without input the CLI waits on an open pipe for ever.
      input: Buffer.alloc(0),
      silent: true,
      ignoreReturnCode: true
    })
  } catch (cause) {
    // Thrown before the child starts, as when the folder to deploy is not there.
    return { exitCode: 1, stdout: '', stderr: isNativeError(cause) ? cause.message : '' }
  }
}

const HANDED_ON = [
  'PATH',
  'HOME',
  'XDG_DATA_HOME',
  'XDG_CACHE_HOME',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'TMPDIR'
]

/** An allow-list: one variable of a coding agent would put the CLI into another mode. */
export function cliEnvironment(
  options: Pick<CliOptions, 'baseEnv' | 'token' | 'teamId' | 'projectId'>
): Record<string, string> {
  const { baseEnv, token, teamId, projectId } = options
  const surroundings = Object.entries(baseEnv).filter(([name]) => HANDED_ON.includes(name))
  return {
    ...Object.fromEntries(surroundings),
    VERCEL_TOKEN: token,
    VERCEL_ORG_ID: teamId,
    VERCEL_PROJECT_ID: projectId,
    NO_UPDATE_NOTIFIER: '1',
    VERCEL_TELEMETRY_DISABLED: '1',
    // The JavaScript CLI everywhere; macOS would start a native build.
    VERCEL_CLI_USE_NATIVE_BINARY: '0',
    NO_COLOR: '1'
  }
}

// No environment variable points the CLI at another API; its global configuration does.
async function writeConfig(folder: string, apiUrl: string | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const config = apiUrl === undefined ? {} : { api: apiUrl }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 })
}
