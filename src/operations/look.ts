import { type Criterion, metricsOf, type Phase, parametersOf } from '../rollout/definition.ts'
import type { IntegrityFinding, Judgement, LookEvent } from '../rollout/events.ts'
import { checkClocks, checkDeployment, checkFlags, unknownWorld } from '../rollout/integrity.ts'
import {
  type Blindness,
  type JudgingFrame,
  judge,
  judgeBlind,
  showFigures
} from '../rollout/judge.ts'
import type { LedgerFile, Reading } from '../rollout/ports.ts'
import { EvidenceError, ProviderError } from '../rollout/rollgate-error.ts'
import type { DeploymentRef } from '../rollout/state.ts'
import type { World } from './world.ts'

/** What one look saw: the database's answers, or why there are none. */
export type Sight =
  | {
      readonly kind: 'seen'
      readonly reading: Reading
      /** The process's clock before and after the question. */
      readonly askedMs: number
      readonly answeredMs: number
    }
  | { readonly kind: 'blind'; readonly blindness: Blindness }

/** Asks the database for everything that the criteria need, in one snapshot. */
export async function see(
  world: Pick<World, 'definition' | 'metrics' | 'clock'>,
  criteria: readonly Criterion[],
  window: { readonly target: string; readonly since: string }
): Promise<Sight> {
  const { definition } = world
  const askedMs = world.clock.now()
  try {
    const reading = await world.metrics.look({
      metrics: [...new Set([...metricsOf(criteria), ...Object.keys(definition.shown)])],
      parameters: parametersOf(definition, window.target),
      since: window.since,
      graceMs: definition.database.graceMs
    })
    return { kind: 'seen', reading, askedMs, answeredMs: world.clock.now() }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { kind: 'blind', blindness: { code: error.code, message: error.message } }
  }
}

/** Milliseconds since the epoch: the database's clock when it answered, ours when it did not. */
export function timeOf(world: World, sight: Sight): number {
  return sight.kind === 'seen' ? Date.parse(sight.reading.databaseNow) : world.clock.now()
}

export function judgeSight(
  criteria: readonly Criterion[],
  sight: Sight,
  frame: JudgingFrame
): readonly Judgement[] {
  return sight.kind === 'seen'
    ? judge(criteria, sight.reading, frame)
    : judgeBlind(criteria, sight.blindness)
}

/** The part of a look event that is shown beside the judgements; absent when there is nothing. */
export function figuresOf({ definition }: World, sight: Sight): Pick<LookEvent, 'shown'> {
  const shown = sight.kind === 'seen' ? showFigures(definition.shown, sight.reading) : []
  return shown.length === 0 ? {} : { shown: [...shown] }
}

/** What stands at the provider, compared with what should. */
export interface Expectation {
  readonly target: string
  readonly flags: Readonly<Record<string, string>>
  readonly deployment: DeploymentRef & { readonly intent?: string }
  /** Since when, ISO 8601. */
  readonly since: string
}

/** Integrity, looked at first; a part of the world that does not answer is not in order. */
export async function inspect(
  world: World,
  expected: Expectation,
  sight: Sight
): Promise<readonly IntegrityFinding[]> {
  const [flags, deployment] = await Promise.all([
    orUnknown(`flags of ${expected.target}`, async () =>
      checkFlags(
        expected.flags,
        await world.flags.read(expected.target, Object.keys(expected.flags))
      )
    ),
    orUnknown(`deployment of ${expected.target}`, async () => [
      checkDeployment(
        expected.target,
        expected.deployment,
        expected.since,
        await world.deployer.live(expected.target)
      )
    ])
  ])
  const clocks =
    sight.kind === 'seen'
      ? [checkClocks(sight.reading.databaseNow, sight.askedMs, sight.answeredMs)]
      : []
  return [...flags, ...deployment, ...clocks]
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

/** The part of a look event that says which rows it was made from. */
export function windowOf(sight: Sight): Pick<LookEvent, 'window' | 'digests'> {
  if (sight.kind === 'blind') return { digests: {} }
  const { since, until, databaseNow, version, snapshot, digests } = sight.reading
  return { window: { since, until, databaseNow, version, snapshot }, digests: { ...digests } }
}

/** Everything needed to judge the look again, as a file. */
export function readingFile(folder: string, sight: Sight, frame: JudgingFrame): LedgerFile {
  const content = sight.kind === 'seen' ? { frame, reading: sight.reading } : { frame, ...sight }
  return { path: `${folder}/reading.json`, content: `${JSON.stringify(content, null, 1)}\n` }
}

/** The longest a phase can last. */
export function horizonMs(phase: Phase): number {
  return phase.soakMs + phase.extendMs
}
