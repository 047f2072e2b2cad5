import { EDGE } from './edge-routes.ts'
import type { VercelSimulator } from './simulator.ts'

type Edge = Pick<VercelSimulator, 'url' | 'identity' | 'aliases'>

/** The address at the simulator of what a host serves: `production`, an alias, an id or a deployment's host. */
export function edgeUrl({ url, identity }: Edge, of: string): string {
  const host = of === 'production' ? `${identity.projectName}.vercel.app` : of
  return `${url}${EDGE}/${host}`
}

/** A `fetch` that finds the hosts of the simulated project, and asks everybody else as usual. */
export function edgeFetch(simulator: Edge): typeof globalThis.fetch {
  return (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input)
    const { host, pathname, search } = asked
    const ours = host.endsWith('.vercel.app') || simulator.aliases().some(a => a.alias === host)
    if (!ours) return globalThis.fetch(input, init)
    const there = `${edgeUrl(simulator, host)}${pathname}${search}`
    return globalThis.fetch(input instanceof Request ? new Request(there, input) : there, init)
  }
}
