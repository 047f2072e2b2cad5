import type { Route } from '../http/route.ts'

/** One endpoint of the simulated Vercel API; `query` lists what it knows beside the team, checked on mutating routes. */
export interface VercelRoute extends Route {
  /** False for the few routes that belong to no team. */
  readonly scoped: boolean
  /** True where no token is asked for. */
  readonly open?: boolean
}
