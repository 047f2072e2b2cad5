import {
  startVercelSimulator,
  type VercelSimulator,
  type VercelSimulatorOptions
} from '../../src/rehearsal/vercel/simulator.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'

export interface CalledVercel {
  readonly simulator: VercelSimulator
  readonly clock: VirtualClock
  /** Asks the API as a member of the team; `path` may hold a query. */
  call(method: string, path: string, body?: unknown): Promise<CallAnswer>
  deploy(body?: object): Promise<CallAnswer>
}

export interface CallAnswer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are matched, not typed
  readonly body: any
}

/** A simulated Vercel with a virtual clock, asked without any client between. */
export async function startCalledVercel(
  options: Partial<VercelSimulatorOptions> = {}
): Promise<CalledVercel> {
  const clock = createVirtualClock(1_800_000_000_000)
  const simulator = await startVercelSimulator({ now: clock.now, token: 'tok', ...options })
  const call = async (method: string, path: string, body?: unknown) => {
    const team = `${path.includes('?') ? '&' : '?'}teamId=team_abc123`
    const response = await fetch(`${simulator.url}${path}${team}`, {
      method,
      headers: { authorization: 'Bearer tok', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    return { status: response.status, body: await response.json() }
  }
  const deploy = (body: object = {}) => call('POST', '/v13/deployments', { name: 'shop', ...body })
  return { simulator, clock, call, deploy }
}
