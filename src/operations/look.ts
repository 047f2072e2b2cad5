import { type Criterion, type Definition, metricsOf, parametersOf } from '../rollout/definition.ts'
import type { IntegrityFinding, LookBody } from '../rollout/events.ts'
import { checkFlags, unknownWorld } from '../rollout/integrity.ts'
import { readingPath, renderKeptLook } from '../rollout/kept-look.ts'
import type { LedgerFile, LookRequest } from '../rollout/ports.ts'
import { EvidenceError, ProviderError } from '../rollout/rollgate-error.ts'
import { clocksOf, type Seen, type Sight } from '../rollout/sight.ts'
import type { LookMade } from '../rollout/soak-look.ts'
import { checkStanding, type Expectation, isOwn, type Standing } from '../rollout/standing.ts'
import type { World } from './world.ts'

/** Asks the database for everything that the criteria need, in one snapshot. */
export async function see(
  world: Pick<World, 'definition' | 'metrics' | 'clock'>,
  criteria: readonly Criterion[],
  window: {
    readonly target: string
    readonly since: string
    /** Now, unless told. */
    readonly until?: string
  }
): Promise<Sight> {
  const { definition } = world
  const { target, since, until } = window
  const askedMs = world.clock.now()
  try {
    const reading = await world.metrics.look({
      ...questionOf(definition, criteria, target),
      since,
      ...(until === undefined ? {} : { until })
    })
    return { kind: 'seen', reading, askedMs, answeredMs: world.clock.now() }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { kind: 'blind', blindness: { code: error.code, message: error.message } }
  }
}

/** Everything that the criteria need to know of a target, whatever the window. */
export function questionOf(
  definition: Definition,
  criteria: readonly Criterion[],
  target: string
): Omit<LookRequest, 'since' | 'until'> {
  return {
    metrics: [...new Set([...metricsOf(criteria), ...Object.keys(definition.shown)])],
    parameters: parametersOf(definition, target),
    graceMs: definition.database.graceMs
  }
}

/** Milliseconds since the epoch: the database's clock when it answered, ours when it did not. */
export function timeOf(world: World, sight: Sight): number {
  return sight.kind === 'seen' ? Date.parse(sight.reading.databaseNow) : world.clock.now()
}

/** What stands at the provider, compared with what should. */
export interface Inspected {
  readonly integrity: readonly IntegrityFinding[]
  /** The deployment that the target serves, where the provider told. */
  readonly serves?: string
}

/** Integrity, looked at first; a part of the world that does not answer is not in order. */
export async function inspect(
  world: World,
  expected: Expectation,
  sight: Sight
): Promise<Inspected> {
  const inspected = await inspectProvider(world, expected)
  return { ...inspected, integrity: [...inspected.integrity, ...clocksOf(sight)] }
}

/** The part of it that the provider tells. */
export async function inspectProvider(
  world: Pick<World, 'flags' | 'deployer'>,
  expected: Expectation
): Promise<Inspected> {
  const { target } = expected
  let standing: Standing | undefined
  const [flags, deployment] = await Promise.all([
    orUnknown(`flags of ${target}`, async () =>
      checkFlags(expected.flags, await world.flags.read(target, Object.keys(expected.flags)))
    ),
    orUnknown(`deployment of ${target}`, async () => {
      standing = await standingOf(world, expected)
      return checkStanding(expected, standing)
    })
  ])
  const serves = standing?.traffic.serves
  const integrity = [...flags, ...deployment]
  return serves === undefined ? { integrity } : { integrity, serves }
}

/** Two requests while the target serves what it should; another deployment is asked what it is made of. */
async function standingOf(
  { deployer }: Pick<World, 'deployer'>,
  expected: Expectation
): Promise<Standing> {
  const { target, deployment, flags: wanted } = expected
  const [traffic, own] = await Promise.all([
    deployer.traffic(target),
    deployment.id === '' ? undefined : deployer.get(deployment.id)
  ])
  const { serves, newOnes } = traffic
  const [live, newest] = await Promise.all([
    serves === undefined || serves === own?.id ? own : deployer.get(serves),
    newOnes === 'served' ? undefined : deployer.newest(target)
  ])
  const served = serves === undefined ? undefined : live
  const flags =
    served === undefined || isOwn(expected, served)
      ? undefined
      : await deployer.flagsIn(served.id, Object.keys(wanted))
  return { traffic, own, live: served, flags, newest }
}

async function orUnknown(
  part: string,
  check: () => Promise<readonly IntegrityFinding[]>
): Promise<readonly IntegrityFinding[]> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return [unknownWorld(part, error.message)]
  }
}

/** A look that is to be recorded, with the file that it can be judged again from. */
export interface RecordedLook {
  readonly look: LookBody
  readonly file: LedgerFile
}

/** The look carries the digest of its file, so that neither is changed without the other. */
export function recordedLook(
  { sha256 }: Pick<World, 'sha256'>,
  { look, frame }: LookMade,
  { sight, nowMs }: Pick<Seen, 'sight' | 'nowMs'>
): RecordedLook {
  const content = renderKeptLook({ now: new Date(nowMs).toISOString(), frame, sight })
  return {
    look: { ...look, reading: sha256(content) },
    file: { path: readingPath(look.evidence ?? ''), content }
  }
}
