import { toResult } from '../report/json.ts'
import {
  renderDeployment,
  renderFlags,
  renderPreflight,
  renderVerification
} from '../report/step.ts'
import { renderSummary } from '../report/summary.ts'
import type { Judgement, LookBody } from '../rollout/events.ts'
import { type ExitCode, exitCodeOf } from '../rollout/exit-code.ts'
import type { MetricHeader } from '../rollout/ports.ts'
import { worst } from '../rollout/preflight.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import { apply } from './apply.ts'
import { type Checked, check } from './check.ts'
import { deploy } from './deploy.ts'
import { flags } from './flags.ts'
import { hold } from './hold.ts'
import { plan } from './plan.ts'
import { preflight } from './preflight.ts'
import { readState } from './record.ts'
import { resume } from './resume.ts'
import { rollback } from './rollback.ts'
import { verify } from './verify.ts'
import type { World } from './world.ts'

/** One operation and what a person gave it. */
export type Order =
  | { readonly operation: 'preflight' | 'status' }
  | { readonly operation: 'plan'; readonly phase: string }
  | {
      readonly operation: 'apply'
      readonly phase: string
      readonly wokenBy: string
      readonly frozen: string | undefined
    }
  | { readonly operation: 'check'; readonly wokenBy: string; readonly frozen: string | undefined }
  | {
      readonly operation: 'rollback' | 'hold' | 'resume'
      readonly reason: string | undefined
    }
  | {
      readonly operation: 'flags'
      readonly target: string
      readonly flags: Readonly<Record<string, string | undefined>>
    }
  | { readonly operation: 'deploy'; readonly target: string }
  | { readonly operation: 'verify'; readonly phase: string; readonly since: string }

/** What an operation came to, ready to be shown and to be read by machines. */
export interface Performed {
  readonly exitCode: ExitCode
  /** Markdown. */
  readonly summary: string
  /** By the names of the action's outputs. */
  readonly outputs: Readonly<Record<string, string>>
  /** The same as one document. */
  readonly result: object
}

/**
 * Carries out one operation and says what came of it.
 * @throws RollgateError when it was refused or failed
 */
export async function perform(
  world: World,
  headers: readonly MetricHeader[],
  order: Order
): Promise<Performed> {
  switch (order.operation) {
    case 'preflight':
      return performPreflight(world, headers)
    case 'status':
      return tell(world, await readState(world))
    case 'plan':
      return performPlan(world, order.phase)
    case 'apply':
      return performApply(world, order)
    case 'check':
      return tellChecked(world, await check(world, lookRequest(order)))
    case 'rollback':
      return tell(world, await rollback(world, reasonOf(order)))
    case 'hold':
      return tell(world, await hold(world, reasonOf(order)))
    case 'resume':
      return tell(world, await resume(world, reasonOf(order)))
    case 'flags':
      return performFlags(world, order)
    case 'deploy':
      return performDeploy(world, order.target)
    case 'verify':
      return performVerify(world, order)
  }
}

function lookRequest(order: { readonly wokenBy: string; readonly frozen: string | undefined }) {
  const { wokenBy, frozen } = order
  return { wokenBy, ...(frozen === undefined ? {} : { frozen }) }
}

function reasonOf(order: {
  readonly operation: string
  readonly reason: string | undefined
}): string {
  if (order.reason !== undefined) return order.reason
  throw new InputError(
    'reason_missing',
    `${order.operation} needs a reason, and none was given.`,
    'Say why; the ledger keeps it.'
  )
}

async function performPreflight(
  world: World,
  headers: readonly MetricHeader[]
): Promise<Performed> {
  const items = await preflight(world, headers)
  const outcome = worst(items)
  const result = { version: 1, operation: 'preflight', outcome, items }
  return {
    exitCode: outcome === 'fail' ? 1 : 0,
    summary: renderPreflight(world.definition, items),
    outputs: { result: JSON.stringify(result) },
    result
  }
}

async function performPlan(world: World, phase: string): Promise<Performed> {
  const planned = await plan(world, phase)
  if (planned.kind === 'nothing') return tell(world, planned.state, undefined, planned.why)
  const { briefing, digest } = planned
  const told = tell(world, planned.state)
  // `digest` is the definition's; an approval binds to the plan's.
  const gate = planned.phase.gate?.environment ?? null
  const result = { ...told.result, planDigest: digest, gate }
  const outputs = { ...told.outputs, result: JSON.stringify(result) }
  return { ...told, summary: briefing, outputs, result }
}

async function performApply(
  world: World,
  order: Extract<Order, { operation: 'apply' }>
): Promise<Performed> {
  const applied = await apply(world, { phase: order.phase, ...lookRequest(order) })
  switch (applied.kind) {
    case 'nothing':
      return tell(world, applied.state, undefined, `Nothing to apply: ${applied.why}`)
    case 'superseded':
      return tell(world, applied.state, undefined, 'A rollback came in between')
    case 'applied':
      return tellChecked(world, applied.first)
  }
}

function tellChecked(world: World, { state, look }: Checked): Performed {
  return tell(world, state, look, look === undefined ? 'Nothing was due' : undefined)
}

function tell(world: World, state: State, look?: LookBody, headline?: string): Performed {
  const now = new Date(world.clock.now()).toISOString()
  const shown = {
    definition: world.definition,
    state,
    now,
    ...(look === undefined ? {} : { look })
  }
  const result = toResult(shown)
  const phase = currentPhase(state)
  return {
    exitCode: exitCodeOf(state.status),
    summary: renderSummary(headline === undefined ? shown : { ...shown, headline }),
    outputs: {
      status: state.status,
      decision: look?.decision ?? '',
      verdict: look === undefined ? '' : worstVerdict(look.judgements),
      phase: phase?.name ?? '',
      'deployment-url': phase?.deployment?.url ?? '',
      result: JSON.stringify(result)
    },
    result
  }
}

async function performFlags(
  world: World,
  { target, flags: wanted }: Extract<Order, { operation: 'flags' }>
): Promise<Performed> {
  const set = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const]
  )
  const named = Object.keys(wanted)
  const read = named.length > 0 ? named : Object.keys(world.definition.rollback.flags)
  const reading = await flags(world, { target, set: Object.fromEntries(set), read })
  const result = { version: 1, operation: 'flags', ...reading }
  return {
    exitCode: reading.obstacles.length > 0 ? 2 : 0,
    summary: renderFlags(reading),
    outputs: { result: JSON.stringify(result) },
    result
  }
}

async function performDeploy(world: World, target: string): Promise<Performed> {
  const deployment = await deploy(world, {
    target,
    deadlineMs: world.definition.deployDeadlineMs
  })
  const result = { version: 1, operation: 'deploy', deployment }
  return {
    exitCode: 0,
    summary: renderDeployment(deployment),
    outputs: { 'deployment-url': deployment.url, result: JSON.stringify(result) },
    result
  }
}

async function performVerify(
  world: World,
  { phase, since }: Extract<Order, { operation: 'verify' }>
): Promise<Performed> {
  const { judgements, reading } = await verify(world, { phase, since })
  const verdict = worstVerdict(judgements)
  const result = { version: 1, operation: 'verify', phase, since, verdict, judgements, reading }
  return {
    exitCode: VERIFY_EXIT[verdict],
    summary: renderVerification({ phase, since, judgements }),
    outputs: { verdict, phase, result: JSON.stringify(result) },
    result
  }
}

const VERIFY_EXIT: Readonly<Record<Judgement['verdict'], ExitCode>> = {
  pass: 0,
  warn: 2,
  insufficient: 2,
  red: 3,
  error: 1
}
