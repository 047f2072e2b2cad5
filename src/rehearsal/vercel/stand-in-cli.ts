import { parseArgs } from 'node:util'
import type { CliRun, VercelCli } from '../../vercel/command-line.ts'
import { members } from '../http/route.ts'

export interface StandInOptions {
  readonly apiUrl: string
  readonly token: string
  readonly teamId: string
  readonly projectId: string
  readonly projectName: string
}

/**
 * `vercel deploy --no-wait --json --non-interactive` without a process: the one mutating request of
 * CLI 64.0.2 and its output. For rehearsals where the CLI is not installed, or a second is too long.
 */
export function createStandInCli(options: StandInOptions): VercelCli {
  return async args => {
    const { values } = parseArgs({
      args: args.slice(1),
      options: {
        'no-wait': { type: 'boolean' },
        json: { type: 'boolean' },
        yes: { type: 'boolean' },
        'non-interactive': { type: 'boolean' },
        prod: { type: 'boolean' },
        prebuilt: { type: 'boolean' },
        'skip-domain': { type: 'boolean' },
        cwd: { type: 'string' },
        scope: { type: 'string' },
        target: { type: 'string' },
        meta: { type: 'string', multiple: true, short: 'm' }
      }
    })
    const target = values.prod ? 'production' : (values.target ?? 'preview')
    const body = {
      ...deploymentBody(options, target, values.meta ?? []),
      ...(values['skip-domain'] ? { autoAssignCustomDomains: false } : {})
    }
    return post(options, body, values.prebuilt ? { prebuilt: '1' } : {})
  }
}

function deploymentBody(options: StandInOptions, target: string, meta: readonly string[]) {
  const { projectId, projectName } = options
  return {
    env: {},
    build: { env: {} },
    name: projectName,
    project: projectId,
    meta: Object.fromEntries(meta.map(splitMeta)),
    ...targetOf(target),
    projectSettings: { sourceFilesOutsideRootDirectory: true, rootDirectory: null },
    source: 'cli',
    version: 2,
    files: []
  }
}

function splitMeta(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}

function targetOf(target: string): Readonly<Record<string, string>> {
  if (target === 'production') return { target }
  return target === 'preview' ? {} : { customEnvironmentSlugOrId: target }
}

async function post(
  options: StandInOptions,
  body: unknown,
  more: Readonly<Record<string, string>>
): Promise<CliRun> {
  const { apiUrl, teamId, token } = options
  const query = new URLSearchParams({ teamId, skipAutoDetectionConfirmation: '1', ...more })
  const url = `${apiUrl}/v13/deployments?${query}`
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body)
    })
    return runOf(response.ok, members(await response.json()))
  } catch {
    // As the CLI when the API cannot be reached: not a word.
    return { exitCode: 1, stdout: '', stderr: '' }
  }
}

function runOf(ok: boolean, said: Readonly<Record<string, unknown>>): CliRun {
  if (ok)
    return { exitCode: 0, stdout: JSON.stringify({ status: 'ok', deployment: said }), stderr: '' }
  const { message } = members(said['error'])
  return { exitCode: 1, stdout: '', stderr: `Error: ${message}` }
}
