import * as z from 'zod'
import { redact } from '../rollout/redaction.ts'
import type { VercelApi } from './api.ts'
import type { DeploymentEnv } from './deployment-env.ts'
import { hide, stripControl } from './printed-text.ts'

/** What builds print. */
export interface BuildLog {
  /**
   * The last lines of a build, oldest first, without the token and the values of the deployment's
   * variables, and redacted, since not every value can be seen; none when nobody can tell any.
   * @throws ProviderError
   */
  tail(deploymentId: string): Promise<readonly string[]>
}

export interface BuildLogParts {
  readonly api: VercelApi
  readonly env: DeploymentEnv
  readonly token: string
}

const LINES = 10
const LONGEST_TAIL = 2048

const event = z.looseObject({
  type: z.string().nullish(),
  created: z.number().nullish(),
  text: z.string().nullish(),
  payload: z.looseObject({ text: z.string().nullish() }).nullish()
})

/** The events of a deployment, as far as they are output. */
export function createBuildLog({ api, env, token }: BuildLogParts): BuildLog {
  return {
    tail: async deploymentId => {
      const variables = await env.of(deploymentId)
      if (variables === undefined) return []
      const path = `/v3/deployments/${encodeURIComponent(deploymentId)}/events`
      const query = { direction: 'backward', limit: '100', builds: '1' }
      const events = await api.get({ path, query }, z.array(event))
      const conceal = [token, ...Object.values(variables).flatMap(partsOf)]
      // Before anything is cut: half a secret is one too.
      const lines = events.toSorted(byTime).flatMap(one => linesOf(one, conceal))
      return lastLines(lines.map(redact))
    }
  }
}

/** A value of several lines may be printed line by line. */
function partsOf(value: string): readonly string[] {
  return [value, ...value.split('\n')].map(part => part.trim()).filter(isTelling)
}

/** Every log is full of the others, and none of them gives anything away. */
function isTelling(value: string): boolean {
  return value.length > 2 && !['true', 'false'].includes(value)
}

const byTime = (a: z.infer<typeof event>, b: z.infer<typeof event>): number =>
  (a.created ?? 0) - (b.created ?? 0)

const OUTPUT = ['stdout', 'stderr', 'fatal', 'command']

function linesOf(
  { type, text, payload }: z.infer<typeof event>,
  conceal: readonly string[]
): readonly string[] {
  if (!OUTPUT.includes(type ?? '')) return []
  const plain = hide(stripControl(text ?? payload?.text ?? ''), conceal)
  return plain.split('\n').filter(line => line.trim() !== '')
}

function lastLines(all: readonly string[]): readonly string[] {
  const kept: string[] = []
  let length = 0
  for (const line of all.slice(-LINES).reverse()) {
    const room = LONGEST_TAIL - length
    if (room <= 0) break
    kept.unshift(line.slice(0, room))
    length += line.length
  }
  return kept
}
