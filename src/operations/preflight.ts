import {
  type Definition,
  enabledPhases,
  metricsOf,
  type Phase,
  parametersOf
} from '../rollout/definition.ts'
import { withOtherRollouts } from '../rollout/flag-owner.ts'
import { judgeDispatchGate, judgeGate, judgeKeys } from '../rollout/gate.ts'
import { checkClocks } from '../rollout/integrity.ts'
import { keysOfPhase } from '../rollout/keys.ts'
import type { MetricHeader, RepositoryFacts } from '../rollout/ports.ts'
import {
  judgeDatabase,
  judgeFlags,
  judgeMetrics,
  judgeProject,
  judgeTrial,
  type PreflightItem,
  unreachable
} from '../rollout/preflight.ts'
import { judgeCost } from '../rollout/query-cost.ts'
import { judgeRepository } from '../rollout/repository-preflight.ts'
import { RollgateError } from '../rollout/rollgate-error.ts'
import { judgeSampleSize } from '../rollout/sample-size.ts'
import { judgeTarget } from '../rollout/target-preflight.ts'
import { estimateLooks } from './look-cost.ts'
import type { World } from './world.ts'

export interface PreflightRequest {
  /** Only what is done with the secrets of this environment; everything unless told. */
  readonly keys?: string | undefined
}

/** Checks every prerequisite that can be checked from here, all of them, and changes nothing. */
export async function preflight(
  world: World,
  headers: readonly MetricHeader[],
  { keys }: PreflightRequest = {}
): Promise<readonly PreflightItem[]> {
  const { definition } = world
  const phases = enabledPhases(definition).filter(
    phase => keys === undefined || keysOfPhase(definition, phase) === keys
  )
  const names = Object.keys(definition.rollback.flags)
  const parts = await Promise.all([
    [judgeMetrics(definition, headers), ...judgeSampleSize({ ...definition, phases })],
    ...projectParts(world, distinct(phases.map(({ target }) => target))),
    ...distinct(phases.map(({ target }) => target)).map(target =>
      asked(`flags on ${target}`, async () =>
        judgeFlags(withOtherRollouts(await world.flags.read(target, names), definition.name))
      )
    ),
    database(world, phases),
    asked('ledger', () => ledger(world)),
    ...(await repositoryParts(world, phases))
  ])
  return parts.flat()
}

/** The project as a whole, then how each target is deployed. */
function projectParts(
  { definition, project }: World,
  targets: readonly string[]
): readonly Promise<readonly PreflightItem[]>[] {
  const facts = project.inspectProject()
  const policy = definition.targets['production']?.rollingRelease
  return [
    asked('project', async () => judgeProject(await facts, policy)),
    ...targets.flatMap(target => {
      const how = definition.targets[target]
      if (how === undefined) return []
      return asked(`deploying to ${target}`, async () => {
        // That the project does not answer is told once.
        const known = await facts.catch(() => undefined)
        if (known === undefined) return []
        return judgeTarget({
          target,
          how,
          project: known,
          facts: await project.inspectTarget(target)
        })
      })
    })
  ]
}

/** What GitHub is asked: the repository, the gates, and the environments that hold the secrets. */
async function repositoryParts(
  world: World,
  phases: readonly Phase[]
): Promise<readonly Promise<readonly PreflightItem[]>[]> {
  let facts: RepositoryFacts | undefined
  const repository = await asked('repository', async () => {
    facts = await world.repository.inspectRepository()
    return facts === undefined ? [notAsked('repository')] : judgeRepository(facts)
  })
  const branch = facts?.defaultBranch
  const environments =
    world.gates.kind === 'environments'
      ? [...gates(world, phases, branch), ...keyEnvironments(world, phases, branch)]
      : [Promise.resolve([notAsked('gates'), notAsked('keys')])]
  return [Promise.resolve(repository), ...environments]
}

function gates(
  world: World,
  phases: readonly Phase[],
  branch: string | undefined
): readonly Promise<readonly PreflightItem[]>[] {
  return phases.flatMap(({ name, gate }) => {
    if (gate === undefined) return []
    if (gate.mode === 'dispatch') return [Promise.resolve([judgeDispatchGate(name, gate)])]
    const { environment } = gate
    return [
      asked(`gate ${environment}`, async () =>
        judgeGate(gate, await world.gates.inspect(environment), branch)
      )
    ]
  })
}

function keyEnvironments(
  world: World,
  phases: readonly Phase[],
  branch: string | undefined
): readonly Promise<readonly PreflightItem[]>[] {
  return keysOfAll(world.definition, phases).map(name =>
    asked(`keys ${name}`, async () => judgeKeys(name, await world.gates.inspect(name), branch))
  )
}

function keysOfAll(definition: Definition, phases: readonly Phase[]): readonly string[] {
  return distinct(phases.map(phase => keysOfPhase(definition, phase)))
}

function notAsked(name: string): PreflightItem {
  return { name, outcome: 'ok', message: 'not asked here; the workflows ask GitHub' }
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

/** Metrics are tried only where the database answers at all: one cause is told once. */
async function database(world: World, phases: readonly Phase[]): Promise<readonly PreflightItem[]> {
  let answers = false
  const facts = await asked('database', async () => {
    const found = await world.database.inspectDatabase()
    answers = true
    return [
      ...judgeDatabase(found, world.definition.database),
      clocks(found.databaseNow, world.clock.now())
    ]
  })
  if (!answers) return facts
  const trials = distinct(phases.map(({ target }) => target)).flatMap(target => [
    asked(`metrics on ${target}`, () => trial(world, target, phases)),
    asked(`cost of a look on ${target}`, () => cost(world, target, phases))
  ])
  return [...facts, ...(await Promise.all(trials)).flat()]
}

/** Every metric that judges this target, asked once about the hour that has just passed. */
async function trial(
  { definition, metrics }: World,
  target: string,
  phases: readonly Phase[]
): Promise<readonly PreflightItem[]> {
  const here = phases.filter(phase => phase.target === target)
  const criteria = here.flatMap(phase => definition.criteria[phase.criteria] ?? [])
  const hourAgoMs = Date.parse(await metrics.databaseNow()) - 3_600_000
  const window = {
    since: new Date(hourAgoMs).toISOString(),
    graceMs: definition.database.graceMs
  }
  const parameters = parametersOf(definition, target)
  const { answers } = await metrics.look({
    metrics: distinct([...metricsOf(criteria), ...Object.keys(definition.shown)]),
    parameters,
    ...window
  })
  const found = Object.entries(answers)
  for (const { name, effect } of here) {
    if (effect?.exposure === undefined) continue
    const { metric, parameters: own } = effect.exposure
    const bound = { ...parameters, ...own }
    const exposed = await metrics.look({ metrics: [metric], parameters: bound, ...window })
    const answer = exposed.answers[metric]
    if (answer !== undefined) found.push([`${metric} for ${name}`, answer])
  }
  return judgeTrial(target, Object.fromEntries(found))
}

/** What the dearest look at any of these phases on that target would cost. */
async function cost(
  world: World,
  target: string,
  phases: readonly Phase[]
): Promise<readonly PreflightItem[]> {
  const now = await world.metrics.databaseNow()
  const here = phases.filter(phase => phase.target === target)
  const estimates = await estimateLooks(world, { target, phases: here, now })
  const { maxPlannedCost } = world.definition.database
  return judgeCost(`cost of a look on ${target}`, estimates, maxPlannedCost)
}

async function ledger(world: World): Promise<readonly PreflightItem[]> {
  const { number } = await world.ledger.read(world.definition.name)
  const message = number === 0 ? 'no rollout yet' : `readable, newest rollout is #${number}`
  return [{ name: 'ledger', outcome: 'ok', message }]
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
