import { spawn } from 'node:child_process'
import { types } from 'node:util'
import * as z from 'zod'
import type { EnvironmentGuard, GhRunner } from '../adoption/ports.ts'
import { environmentPath, filledIn, type GhCommand } from '../rollout/gh-command.ts'
import { InputError, ProviderError } from '../rollout/rollgate-error.ts'

export interface GhOptions {
  /** The folder of the repository. */
  readonly cwd: string
  /** `owner/name`, whatever remotes the folder has. */
  readonly repository: string
  readonly env: Readonly<Record<string, string>>
  /** A person sits at a terminal and can be asked. */
  readonly asks: boolean
}

/**
 * The `gh` on the PATH, logged in as whoever runs this. A secret is read by `gh` itself, from the
 * terminal. Everything throws an InputError (`gh_missing`) when there is no `gh`.
 */
export function createGh(options: GhOptions): GhRunner {
  return {
    asks: options.asks,
    run: command => run(options, command),
    guardOf: environment => guardOf(options, environment)
  }
}

async function run(options: GhOptions, command: GhCommand): Promise<string | undefined> {
  const printed: Record<string, string> = {}
  for (const [name, args] of Object.entries(command.lookups ?? {})) {
    const { exitCode, stdout, stderr } = await start(options, args, false)
    if (exitCode !== 0) return stderr
    printed[name] = stdout.trim()
  }
  const { settled, secret } = command
  const { exitCode, stderr } = await start(
    options,
    filledIn(command, printed),
    secret !== undefined
  )
  const done = exitCode === 0 || (settled !== undefined && stderr.includes(settled))
  return done ? undefined : stderr
}

const environmentSchema = z.object({
  protection_rules: z
    .array(z.object({ type: z.string(), wait_timer: z.number().optional() }))
    .optional()
})

async function guardOf(
  options: GhOptions,
  environment: string
): Promise<EnvironmentGuard | undefined> {
  const args = ['api', environmentPath(environment)]
  const { exitCode, stdout, stderr } = await start(options, args, false)
  if (exitCode !== 0) {
    if (stderr.includes('HTTP 404')) return undefined
    throw notTold(environment, stderr.trim() || `gh ended with ${exitCode}`)
  }
  const { data } = environmentSchema.safeParse(parsed(stdout))
  if (data === undefined) throw notTold(environment, 'the answer has an unknown form')
  const rules = data.protection_rules ?? []
  return {
    reviewers: rules.some(({ type }) => type === 'required_reviewers'),
    waitMinutes: Math.max(0, ...rules.map(({ wait_timer: minutes = 0 }) => minutes))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function notTold(environment: string, why: string): ProviderError {
  return new ProviderError(
    'gh_failed',
    `gh does not tell how the environment ${environment} is protected: ${why}\nNothing was changed.`,
    'Put right what gh names (mostly: gh auth login as somebody who administers the repository), then run the same command again.'
  )
}

interface GhRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Asking, `gh` has the terminal for itself: what is typed there passes nobody else. */
async function start(
  { cwd, repository, env }: GhOptions,
  args: readonly string[],
  asking: boolean
): Promise<GhRun> {
  const child = spawn('gh', args, {
    cwd,
    env: { ...env, GH_REPO: repository, ...(asking ? {} : { GH_PROMPT_DISABLED: '1' }) },
    stdio: asking ? 'inherit' : ['ignore', 'pipe', 'pipe']
  })
  const said = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', text => {
    said.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    said.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(notStarted(error)))
    child.once('close', code => resolve({ exitCode: code ?? 1, ...said }))
  })
}

function notStarted(error: unknown): InputError {
  const why = types.isNativeError(error) ? (error as NodeJS.ErrnoException).code : 'unknown'
  return new InputError(
    'gh_missing',
    `GitHub's command line gh cannot be started (${why}).`,
    'Install it from https://cli.github.com and run gh auth login, or leave out --apply and set up GitHub by hand.'
  )
}
