import { renderAhead, renderDue, renderWaiting, renderWoken } from '../report/advance.ts'
import { renderBacktest } from '../report/backtest.ts'
import { toBacktestResult } from '../report/backtest-result.ts'
import { wasAnswered } from '../report/backtest-story.ts'
import { toResult } from '../report/json.ts'
import {
  renderDeployment,
  renderFlags,
  renderPreflight,
  renderVerification,
  renderWarnings
} from '../report/step.ts'
import { renderSummary } from '../report/summary.ts'
import type { AcceptanceKind } from '../rollout/acceptance.ts'
import { requireConfirmation } from '../rollout/confirmation.ts'
import type { Gate } from '../rollout/definition.ts'
import type { Judgement, LookBody } from '../rollout/events.ts'
import { type ExitCode, exitCodeOf } from '../rollout/exit-code.ts'
import { allKeys, keysOf, keysOfPhase } from '../rollout/keys.ts'
import type { MetricHeader, Workflows } from '../rollout/ports.ts'
import { worst } from '../rollout/preflight.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { currentPhase, type State } from '../rollout/state.ts'
import { worstVerdict } from '../rollout/worst-verdict.ts'
import { type ApplyRequest, apply } from './apply.ts'
import { type BacktestRequest, backtest } from './backtest.ts'
import { type Checked, check } from './check.ts'
import { deploy } from './deploy.ts'
import { due, type Watched } from './due.ts'
import { flags } from './flags.ts'
import { graduate } from './graduate.ts'
import { hold } from './hold.ts'
import { next } from './next.ts'
import type { PassageRequest } from './passage.ts'
import { plan } from './plan.ts'
import { preflight } from './preflight.ts'
import type { Idle } from './prospect.ts'
import { readState } from './record.ts'
import { resume } from './resume.ts'
import { rollback } from './rollback.ts'
import { type VerifyRequest, verify } from './verify.ts'
import { wake } from './wake.ts'
import type { World } from './world.ts'

/** One operation and what a person gave it. */
export type Order =
  | { readonly operation: 'status' }
  | { readonly operation: 'preflight'; readonly keys?: string | undefined }
  | ({ readonly operation: 'next' | 'plan' } & PassageRequest)
  | ({ readonly operation: 'apply'; readonly wokenBy: string } & ApplyRequest)
  | { readonly operation: 'check'; readonly wokenBy: string; readonly frozen?: string | undefined }
  | {
      readonly operation: 'graduate'
      readonly wokenBy: string
      readonly confirm?: string | undefined
    }
  | {
      readonly operation: 'rollback' | 'hold'
      readonly reason: string | undefined
      readonly confirm?: string | undefined
    }
  | {
      readonly operation: 'resume'
      readonly reason: string | undefined
      readonly confirm?: string | undefined
      readonly accept?: readonly AcceptanceKind[]
    }
  | {
      readonly operation: 'flags'
      readonly target: string
      readonly flags: Readonly<Record<string, string | undefined>>
    }
  | { readonly operation: 'deploy'; readonly target: string }
  | ({ readonly operation: 'verify' } & VerifyRequest)
  | ({ readonly operation: 'backtest' } & BacktestRequest)

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
  if ('confirm' in order) requireRightWord(world, order.confirm)
  switch (order.operation) {
    case 'preflight':
      return performPreflight(world, headers, order)
    case 'status':
      return tell(world, await readState(world))
    case 'next':
      return performNext(world, order)
    case 'plan':
      return performPlan(world, order)
    case 'apply':
      return performApply(world, order)
    case 'check':
      return tellChecked(world, await check(world, order))
    case 'graduate':
      return performGraduate(world, order.wokenBy)
    case 'rollback':
      return tell(world, await rollback(world, reasonOf(order)))
    case 'hold':
      return tell(world, await hold(world, reasonOf(order)))
    case 'resume':
      return tell(world, await resume(world, reasonOf(order), order.accept))
    case 'flags':
      return performFlags(world, order)
    case 'deploy':
      return performDeploy(world, order.target)
    case 'verify':
      return performVerify(world, order)
    case 'backtest':
      return performBacktest(world, order)
  }
}

/**
 * A wrong word is refused by every operation that is given one, before anything happens: the red button
 * asks for none, but it must not put back what nobody named.
 */
function requireRightWord({ definition, gates }: World, confirm: string | undefined): void {
  requireConfirmation(definition, { kind: gates.kind, confirm, touchesProduction: false })
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

/** Which definitions need a look: a list that jobs are started from. One that nobody can watch is a failure. */
export async function performDue(all: readonly Watched[]): Promise<Performed> {
  const found = await due(all)
  const result = { version: 1, operation: 'due', ...found }
  return {
    exitCode: found.failed.length > 0 ? 1 : 0,
    summary: renderDue(found),
    outputs: { due: JSON.stringify(found.due), result: JSON.stringify(result) },
    result
  }
}

/** Wakes the monitor up. @throws InputError where there is none; ProviderError */
export async function performWake(workflows: Workflows): Promise<Performed> {
  const { url } = await wake(workflows)
  const result = { version: 1, operation: 'wake', url: url ?? null }
  return {
    exitCode: 0,
    summary: renderWoken(url),
    outputs: { result: JSON.stringify(result) },
    result
  }
}

async function performPreflight(
  world: World,
  headers: readonly MetricHeader[],
  { keys }: Extract<Order, { operation: 'preflight' }>
): Promise<Performed> {
  const items = await preflight(world, headers, { keys })
  const outcome = worst(items)
  const result = { version: 1, operation: 'preflight', outcome, items }
  return {
    exitCode: outcome === 'fail' ? 1 : 0,
    summary: renderPreflight(world.definition, items),
    outputs: { keys: keys ?? '', result: JSON.stringify(result) },
    result
  }
}

async function performNext(world: World, order: PassageRequest): Promise<Performed> {
  const ahead = await next(world, order)
  if (ahead.kind === 'nothing') return tellIdle(world, ahead)
  const { state, phase, gate, waiting } = ahead
  const told = tell(world, state)
  const way = {
    phase: phase.name,
    keys: keysOfPhase(world.definition, phase),
    gate: environmentOf(world, gate),
    go: String(waiting === undefined)
  }
  const how = ahead.restarting ? 'restart' : ahead.resuming ? 'resume' : 'begin'
  const result = { ...told.result, ...way, go: waiting === undefined, how }
  return {
    // What an earlier rollout came to is no failure of this one.
    exitCode: 0,
    summary: renderAhead({ definition: world.definition, phase, gate, how, waiting }),
    outputs: { ...told.outputs, ...way, result: JSON.stringify(result) },
    result
  }
}

/** Nothing is to be carried out, unless a run that was cut off left its first look to be made up. */
function tellIdle(
  world: World,
  { state, why, unfinished }: Idle & { readonly state: State }
): Performed {
  const told = tell(world, state, undefined, `Nothing to do: ${why}`)
  return { ...told, outputs: { ...told.outputs, go: String(unfinished) } }
}

/** The environment that a job has to wait in; empty where nobody is asked through GitHub. */
function environmentOf({ gates }: World, gate: Gate | undefined): string {
  return gate?.mode === 'environment' && gates.kind === 'environments' ? gate.environment : ''
}

async function performPlan(world: World, order: PassageRequest): Promise<Performed> {
  const planned = await plan(world, order)
  if (planned.kind === 'nothing') return tellIdle(world, planned)
  const { phase, briefing, digest, gate, waiting } = planned
  const told = tell(world, planned.state)
  const go = waiting === undefined
  // `digest` of the result is the definition's; an approval binds to the plan's.
  const environment = phase.gate?.mode === 'environment' ? phase.gate.environment : null
  const result = { ...told.result, phase: phase.name, planDigest: digest, gate: environment, go }
  const outputs = {
    ...told.outputs,
    phase: phase.name,
    keys: keysOfPhase(world.definition, phase),
    gate: environmentOf(world, gate),
    digest,
    go: String(go),
    result: JSON.stringify(result)
  }
  const summary = `${renderWaiting(waiting)}${briefing}`
  return { ...told, summary, outputs, result }
}

async function performApply(
  world: World,
  order: Extract<Order, { operation: 'apply' }>
): Promise<Performed> {
  const applied = await apply(world, order)
  switch (applied.kind) {
    case 'nothing':
      return tell(world, applied.state, undefined, `Nothing to apply: ${applied.why}`)
    case 'superseded':
      return tell(world, applied.state, undefined, 'A rollback came in between')
    case 'applied': {
      const told = tellChecked(world, applied.first)
      return { ...told, summary: `${renderWarnings(applied.warnings)}${told.summary}` }
    }
  }
}

async function performGraduate(world: World, wokenBy: string): Promise<Performed> {
  const { state, look } = await graduate(world, wokenBy)
  return tell(world, state, look, look === undefined ? 'It has graduated already' : undefined)
}

function tellChecked(world: World, { state, look }: Checked): Performed {
  return tell(world, state, look, look === undefined ? 'Nothing was due' : undefined)
}

function tell(world: World, state: State, look?: LookBody, headline?: string): Performed {
  const { definition } = world
  const now = new Date(world.clock.now()).toISOString()
  const shown = { definition, state, now, ...(look === undefined ? {} : { look }) }
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
      keys: keysOf(definition, state),
      'all-keys': JSON.stringify(allKeys(definition)),
      gate: '',
      digest: '',
      go: '',
      due: '',
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

async function performVerify(world: World, request: VerifyRequest): Promise<Performed> {
  const { phase } = request
  const { since, judgements, reading } = await verify(world, request)
  const verdict = worstVerdict(judgements)
  const result = { version: 1, operation: 'verify', phase, since, verdict, judgements, reading }
  return {
    exitCode: VERIFY_EXIT[verdict],
    summary: renderVerification({ phase, since, judgements }),
    outputs: { verdict, phase, result: JSON.stringify(result) },
    result
  }
}

/** A report: whatever it says about the past, it is a failure only where the past could not be seen. */
async function performBacktest(world: World, request: BacktestRequest): Promise<Performed> {
  const { definition } = world
  const walked = { definition, ...(await backtest(world, request)) }
  const result = toBacktestResult(walked)
  const looked = walked.stopped === undefined && walked.walks.some(wasAnswered)
  return {
    exitCode: looked ? 0 : 1,
    summary: renderBacktest(walked),
    outputs: { phase: request.phase ?? '', result: JSON.stringify(result) },
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
