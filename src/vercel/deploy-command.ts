import * as z from 'zod'
import type { DeployRequest } from '../rollout/ports.ts'
import { type CliRun, EXIT_KILLED, EXIT_MISSING } from './command-line.ts'
import { COMMIT_META, INTENT_META } from './deployments.ts'

/** What is uploaded, and what becomes of it: the working directory, which gets its domains, unless told. */
export interface Upload {
  /** Holds the code of a commit. */
  readonly folder?: string
  readonly commit?: string
  /** What was built before. */
  readonly prebuilt?: boolean
  /** Production domains are not given to it. */
  readonly staged?: boolean
}

type Asked = Pick<DeployRequest, 'target' | 'intent' | 'rollout' | 'phase'>

/** What a deployment carries, so that it can be found again and told where it comes from. */
export function deploymentMeta(
  { intent, rollout, phase }: Asked,
  commit: string | undefined
): Readonly<Record<string, string>> {
  return {
    [INTENT_META]: intent,
    rollgateRollout: rollout,
    rollgatePhase: phase,
    ...(commit === undefined ? {} : { [COMMIT_META]: commit })
  }
}

/** The arguments of the CLI that create, and do not wait for, the wanted deployment. */
export function deployArguments(
  wanted: Asked,
  teamId: string,
  { folder, commit, prebuilt, staged }: Upload = {}
): readonly string[] {
  return [
    'deploy',
    '--no-wait',
    '--json',
    '--yes',
    '--non-interactive',
    '--scope',
    teamId,
    ...targetArguments(wanted.target),
    ...(prebuilt ? ['--prebuilt'] : []),
    ...(staged ? ['--skip-domain'] : []),
    ...(folder === undefined ? [] : ['--cwd', folder]),
    ...Object.entries(deploymentMeta(wanted, commit)).flatMap(([key, value]) => [
      '-m',
      `${key}=${value}`
    ])
  ]
}

function targetArguments(target: string): readonly string[] {
  return target === 'production' ? ['--prod'] : ['--target', target]
}

const created = z.looseObject({ id: z.string() })
const envelope = z.looseObject({
  deployment: created.nullish(),
  message: z.string().nullish(),
  error: z.looseObject({ message: z.string().nullish() }).nullish()
})

/** The deployment that a run says it created; both shapes of output are understood. */
export function createdDeploymentId({ stdout }: CliRun): string | undefined {
  const output = parseOutput(stdout)
  return created.safeParse(output).data?.id ?? envelope.safeParse(output).data?.deployment?.id
}

/** Why a run created nothing, in the CLI's words as far as it had any. */
export function describeRun(run: CliRun): string {
  const { exitCode, stdout, stderr } = run
  if (exitCode === EXIT_KILLED) return 'the CLI hung and was killed'
  if (exitCode === EXIT_MISSING) return 'the command was not found'
  const said = envelope.safeParse(parseOutput(stdout)).data
  const words = said?.error?.message ?? said?.message ?? lastLines(stderr)
  return `exit code ${exitCode}, ${words || 'no message, as when the API cannot be reached'}`
}

function parseOutput(stdout: string): unknown {
  try {
    return JSON.parse(stdout)
  } catch {
    return undefined
  }
}

function lastLines(text: string): string {
  const lines = text.split('\n').map(line => line.trim())
  return lines.filter(Boolean).slice(-3).join(' ').slice(-500)
}
