import { enabledPhases } from '../rollout/definition.ts'
import { checkClocks } from '../rollout/integrity.ts'
import type { MetricHeader } from '../rollout/ports.ts'
import {
  judgeDatabase,
  judgeFlags,
  judgeMetrics,
  judgeProject,
  type PreflightItem,
  unreachable
} from '../rollout/preflight.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import type { World } from './world.ts'

/** Checks every prerequisite that can be checked without GitHub, all of them, and changes nothing. */
export async function preflight(
  world: World,
  headers: readonly MetricHeader[]
): Promise<readonly PreflightItem[]> {
  const { definition } = world
  const targets = [...new Set(enabledPhases(definition).map(({ target }) => target))]
  const names = Object.keys(definition.rollback.flags)
  const parts = await Promise.all([
    [judgeMetrics(definition, headers)],
    asked('project', async () => judgeProject(await world.project.inspectProject())),
    ...targets.map(target =>
      asked(`flags on ${target}`, async () => judgeFlags(await world.flags.read(target, names)))
    ),
    asked('database', async () => {
      const facts = await world.database.inspectDatabase()
      return [...judgeDatabase(facts), clocks(facts.databaseNow, world.clock.now())]
    }),
    asked('ledger', () => ledger(world))
  ])
  return parts.flat()
}

async function asked(
  name: string,
  look: () => Promise<readonly PreflightItem[]>
): Promise<readonly PreflightItem[]> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    return [unreachable(name, error.message, error.remedy)]
  }
}

function clocks(databaseNow: string, nowMs: number): PreflightItem {
  const { ok, message } = checkClocks(databaseNow, nowMs)
  const name = 'clocks'
  return ok
    ? { name, outcome: 'ok', message }
    : { name, outcome: 'fail', message, remedy: 'Synchronise the clock that is wrong.' }
}

async function ledger(world: World): Promise<readonly PreflightItem[]> {
  const { number } = await world.ledger.read(world.definition.name)
  const message = number === 0 ? 'no rollout yet' : `readable, newest rollout is #${number}`
  return [{ name: 'ledger', outcome: 'ok', message }]
}
