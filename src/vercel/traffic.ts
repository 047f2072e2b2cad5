import type { Deployment, Move, Traffic } from '../rollout/ports.ts'
import type { Known } from './production.ts'
import { type ProjectView, stateOf } from './project.ts'

/** The traffic of a target whose deployments are served as they come. */
export function trafficTo(live: Deployment | undefined): Traffic {
  return { serves: live?.id, newOnes: 'served', staged: false }
}

/** The project as it was when its traffic was that. */
export function projectOf({ serves, move, staged }: Traffic): Known {
  return {
    rollingRelease: staged,
    ...(serves === undefined ? {} : { productionDeployment: serves }),
    ...(move?.at === undefined
      ? {}
      : { lastMove: { to: move.to, requestedAt: Date.parse(move.at) } })
  }
}

/** What a project tells of production's visitors. */
export function productionTraffic(view: ProjectView): Traffic {
  const { productionDeployment, assignsBySetting, rollingRelease } = view
  const move = moveOf(view)
  const rolledBack = move?.how === 'rollback' && move.state !== 'not-moved'
  // The setting may show what a rollback switched off, and a rollback that failed switched off nothing.
  const byHand = assignsBySetting ? 'served' : 'off'
  return {
    serves: productionDeployment,
    newOnes: rolledBack ? 'rolled-back' : byHand,
    staged: rollingRelease,
    ...(move === undefined ? {} : { move })
  }
}

function moveOf({ lastMove, rolledBackTo, productionDeployment }: ProjectView): Move | undefined {
  if (lastMove === undefined) {
    const stands = rolledBackTo !== undefined && rolledBackTo === productionDeployment
    return stands ? { how: 'rollback', to: rolledBackTo, state: 'moved' } : undefined
  }
  const { type, from, to, requestedAt } = lastMove
  return {
    how: type,
    ...(from === undefined ? {} : { from }),
    to,
    at: new Date(requestedAt).toISOString(),
    state: stateOf(lastMove)
  }
}
