import { countText } from '../verdict/wording.ts'
import type { EffectProbe, Exposure } from './definition.ts'
import type { EffectPart } from './events.ts'
import { madeOtherwise } from './made-with.ts'
import type { Answer, Deployment, ProbeAnswer } from './ports.ts'
import { isOwn } from './standing.ts'

/**
 * What was found of one part: `missing` may still come, `refuted` never will for this deployment, and
 * `untold` is what nobody could ask.
 */
export interface Finding {
  readonly part: EffectPart['part']
  readonly status: 'proven' | 'missing' | 'refuted' | 'untold'
  /** For people; never a value of a flag, nor what an answer said. */
  readonly message: string
}

/** An answer, or why there was none. */
export type Probed =
  | { readonly url: string; readonly answer: ProbeAnswer }
  | { readonly url: string; readonly problem: string }

const MISSING_KEY =
  'create a Protection Bypass for Automation in the project’s Deployment Protection settings and store it as the secret VERCEL_AUTOMATION_BYPASS_SECRET'
const REFUSED_KEY =
  'the secret VERCEL_AUTOMATION_BYPASS_SECRET is not the Protection Bypass for Automation of this project'

type Made = Pick<Deployment, 'id' | 'intent' | 'createdAt'>

/** Whether what serves was deployed by somebody else after the deployment that is to be proven. */
export function isNewer(one: Made, live: Deployment): boolean {
  return (
    !isOwn({ deployment: one }, live) && Date.parse(live.createdAt) >= Date.parse(one.createdAt)
  )
}

/** Whether the target serves the deployment that is to be proven, or a newer one. */
export function deploymentFinding(
  target: string,
  one: Made,
  live: Deployment | undefined
): Finding {
  if (live !== undefined && isOwn({ deployment: one }, live) && live.state === 'ready') {
    return found('deployment', 'proven', `${target} serves ${live.id}, which is ready`)
  }
  if (live !== undefined && isNewer(one, live)) {
    const message = `${target} serves ${live.id}, which somebody deployed after ${one.id}`
    return found('deployment', 'proven', message)
  }
  const instead = live === undefined ? 'no deployment at all' : `${live.id}, which is ${live.state}`
  return found('deployment', 'refuted', `${target} serves ${instead}, not ${one.id}`)
}

/**
 * Whether a deployment was made with the flags that are wanted; null means: without it.
 * `made` is undefined where the token may not see it.
 */
export function flagsFinding(
  wanted: Readonly<Record<string, string | null>>,
  made: Readonly<Record<string, string>> | undefined
): Finding {
  if (made === undefined) {
    const message =
      'this token may not see what a deployment was made with; the flags were read back from the project'
    return found('flags', 'untold', message)
  }
  const others = madeOtherwise(wanted, made).map(({ flag }) => flag)
  const count = Object.keys(wanted).length
  return others.length === 0
    ? found('flags', 'proven', `the deployment was made with ${allText(count)}`)
    : found('flags', 'refuted', `the deployment was made with other flags: ${others.join(', ')}`)
}

const allText = (count: number): string =>
  count === 1 ? 'the flag as it was set' : `all ${countText(count)} flags as they were set`

/** Whether any of the addresses that lead to the deployment answers as it should. */
export function probeFinding(probe: EffectProbe, asked: readonly Probed[]): Finding {
  const results = asked.map(one => judgeProbe(probe, one))
  // What redirects is an address that leads to another one of the same target.
  const telling = asked.findIndex(one => !('answer' in one && isRedirect(one.answer)))
  return (
    results.find(({ status }) => status === 'proven') ??
    results[Math.max(telling, 0)] ??
    found('probe', 'missing', `GET ${probe.path} was not asked`)
  )
}

function judgeProbe({ path, status, contains }: EffectProbe, asked: Probed): Finding {
  const request = `GET ${path} at ${hostOf(asked.url)}`
  if ('problem' in asked) return found('probe', 'missing', `${request}: ${asked.problem}`)
  const { answer } = asked
  if (answer.protection !== undefined) {
    const what = answer.protection === 'no-key' ? MISSING_KEY : REFUSED_KEY
    const message = `${request} was stopped by deployment protection (${answer.status}): ${what}`
    return found('probe', 'refuted', message)
  }
  if (answer.status !== status) {
    const redirect = isRedirect(answer) ? ' (redirects are not followed)' : ''
    const message = `${request} answered ${answer.status}, wanted ${status}${redirect}`
    return found('probe', 'missing', message)
  }
  if (contains !== undefined && !answer.body.includes(contains)) {
    const message = `${request} answered ${status}, but the answer lacks ${quoted(contains)}`
    return found('probe', 'missing', message)
  }
  const holds = contains === undefined ? '' : ` and holds ${quoted(contains)}`
  return found('probe', 'proven', `${request} answered ${status}${holds}`)
}

const isRedirect = ({ status }: ProbeAnswer): boolean => status >= 300 && status < 400

const quoted = (text: string): string => JSON.stringify(text)

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** Whether enough of the units went the way the phase wants, of those since the deployment serves. */
export function exposureFinding(
  exposure: Exposure,
  answer: Answer | { readonly kind: 'blind'; readonly message: string } | undefined
): Finding {
  const { atLeast, minUnits } = exposure
  const name = exposureText(exposure)
  if (answer?.kind !== 'answered') {
    return found('exposure', 'missing', `${name}: ${answer?.message ?? 'was not answered'}`)
  }
  const hits = sum(answer.rows.map(row => row.hits))
  const total = sum(answer.rows.map(row => row.total ?? 0))
  const wanted = `wanted at least ${percentText(atLeast)}`
  if (total < minUnits) {
    const least = `at least ${countText(minUnits)} must be there`
    const message = `${name}: ${total === 0 ? 'no unit yet' : `only ${tally(hits, total)}`}, ${least}`
    return found('exposure', 'missing', message)
  }
  // A share as it is written is not always a number that can be had by dividing.
  const enough = hits / total >= atLeast - 1e-12
  return found(
    'exposure',
    enough ? 'proven' : 'missing',
    `${name}: ${tally(hits, total)}, ${wanted}`
  )
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const tally = (hits: number, total: number): string =>
  `${countText(hits)} of ${countText(total)} units`

/** The metric with what is bound into it: "exposure (mode shadow)". */
export function exposureText({ metric, parameters }: Exposure): string {
  const given = Object.entries(parameters).map(([name, value]) => `${name} ${value}`)
  return given.length === 0 ? metric : `${metric} (${given.join(', ')})`
}

/** 0.95 as "95%", without the dust of floating point. */
export function percentText(share: number): string {
  return `${Number((share * 100).toFixed(9))}%`
}

/** Whether nothing that was asked for is open or wrong. */
export function isProven(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status === 'proven' || status === 'untold')
}

/** Whether waiting is in vain. */
export function isRefuted(findings: readonly Finding[]): boolean {
  return findings.some(({ status }) => status === 'refuted')
}

/** What keeps the whole from being proven: "probe: …; exposure: …". */
export function whyUnproven(findings: readonly Finding[]): string {
  return findings
    .filter(({ status }) => status === 'missing' || status === 'refuted')
    .map(({ part, message }) => `${part}: ${message}`)
    .join('; ')
}

/** As the ledger keeps it. */
export function toEffectParts(findings: readonly Finding[]): EffectPart[] {
  return findings.map(({ part, status, message }) => ({
    part,
    proven: status === 'proven',
    message
  }))
}

function found(part: Finding['part'], status: Finding['status'], message: string): Finding {
  return { part, status, message }
}
