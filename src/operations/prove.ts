import {
  type Effect,
  type EffectProbe,
  type Exposure,
  parametersOf
} from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import {
  deploymentFinding,
  exposureFinding,
  type Finding,
  flagsFinding,
  isNewer,
  isProven,
  isRefuted,
  type Probed,
  probeFinding,
  whyUnproven
} from '../rollout/effect.ts'
import type { Deployment } from '../rollout/ports.ts'
import { EvidenceError, ProviderError } from '../rollout/rollgate-error.ts'
import type { World } from './world.ts'

export interface Claim {
  /** Who claims it, as the log and errors name it. */
  readonly phase: string
  readonly target: string
  readonly flags: Readonly<Record<string, string | null>>
  readonly effect: Effect | undefined
  readonly deployment: Deployment
}

export interface ServingClaim extends Claim {
  /** Since when the deployment serves, ISO 8601 by the database's clock. */
  readonly since: string
  /** Asked between two looks; throws when the work is superseded. */
  readonly stillWanted: () => Promise<void>
}

type Eyes = Pick<
  World,
  'definition' | 'deployer' | 'project' | 'prober' | 'metrics' | 'clock' | 'log'
>

const PROBE_TIMEOUT_MS = 10_000
const SHORTEST_PAUSE_MS = 5000
const LONGEST_PAUSE_MS = 60_000
/** A deployment has as many addresses as people gave it; one that answers is enough. */
const MOST_ADDRESSES = 5

/**
 * Whether a deployment was made with exactly these flags; null means: without the flag.
 * @throws ProviderError (`effect_unproven`) when it was made with others; never when the token may not see them
 */
export async function proveFlags(
  world: Pick<World, 'deployer'>,
  deployment: Pick<Deployment, 'id'>,
  flags: Readonly<Record<string, string | null>>
): Promise<Finding> {
  const finding = await flagsOf(world, deployment, flags)
  if (isRefuted([finding])) throw unproven(deployment.id, [finding])
  return finding
}

async function flagsOf(
  { deployer }: Pick<World, 'deployer'>,
  { id }: Pick<Deployment, 'id'>,
  flags: Readonly<Record<string, string | null>>
): Promise<Finding> {
  return flagsFinding(flags, await deployer.flagsIn(id, Object.keys(flags)))
}

/**
 * What can be proven before visitors see a deployment: its flags and, at its own address, the probe.
 * @throws ProviderError (`effect_unproven`)
 */
export async function proveStaged(
  world: Eyes,
  claim: Claim & Pick<ServingClaim, 'stillWanted'>
): Promise<void> {
  const flags = await proveFlags(world, claim.deployment, claim.flags)
  const probe = claim.effect?.probe
  await untilProven(world, claim, async () =>
    probe === undefined ? [flags] : [flags, await lookByProbe(world, probe, [claim.deployment.url])]
  )
}

/** What can be said at one look of a deployment that serves its target: that it does, and its flags. */
export async function findServing(
  world: Pick<World, 'deployer'>,
  { target, flags, deployment }: Omit<Claim, 'effect'>
): Promise<readonly Finding[]> {
  const live = await world.deployer.live(target)
  // Somebody who deploys meanwhile changes the code; the flags have to be the phase's all the same.
  const made = live !== undefined && isNewer(deployment, live) ? live : deployment
  return [deploymentFinding(target, deployment, live), await flagsOf(world, made, flags)]
}

/**
 * Looks at a deployment that serves its target until everything that the phase wants is seen, or the
 * deadline is over; flags and deployment are proven even where the phase wants nothing beside.
 * @throws ProviderError (`effect_unproven`) naming every part that is missing
 */
export async function proveServing(world: Eyes, claim: ServingClaim): Promise<readonly Finding[]> {
  const { probe, exposure } = claim.effect ?? {}
  const asked = [
    ...(probe === undefined ? [] : [probeOf(world, claim, probe)]),
    ...(exposure === undefined ? [] : [exposureOf(world, claim, exposure)])
  ]
  return untilProven(world, claim, async () => {
    const serving = await findServing(world, claim)
    if (isRefuted(serving)) return serving
    return [...serving, ...(await Promise.all(asked.map(look => look())))]
  })
}

type Look = () => Promise<Finding>

function probeOf(world: Eyes, claim: Claim, probe: EffectProbe): Look {
  return async () => lookByProbe(world, probe, await addressesOf(world, claim))
}

/** Where visitors reach the target; the deployment's own address where there is no other. */
async function addressesOf(
  { definition, project }: Eyes,
  { target, deployment }: Claim
): Promise<readonly string[]> {
  const alias = definition.targets[target]?.alias
  const domains =
    target === 'production'
      ? ((await project.inspectProject()).productionDomains ?? [])
      : alias === undefined
        ? []
        : [alias]
  return domains.length === 0
    ? [deployment.url]
    : domains.slice(0, MOST_ADDRESSES).map(domain => `https://${domain}`)
}

async function lookByProbe(
  { prober }: Pick<World, 'prober'>,
  probe: EffectProbe,
  addresses: readonly string[]
): Promise<Finding> {
  const asked: Probed[] = []
  for (const url of addresses) {
    asked.push(await ask(prober, url, probe.path))
    const finding = probeFinding(probe, asked)
    if (finding.status === 'proven') return finding
  }
  return probeFinding(probe, asked)
}

async function ask(prober: World['prober'], url: string, path: string): Promise<Probed> {
  try {
    return { url, answer: await prober.probe({ url, path, timeoutMs: PROBE_TIMEOUT_MS }) }
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return { url, problem: error.message }
  }
}

function exposureOf(
  { definition, metrics }: Eyes,
  { target, since }: ServingClaim,
  exposure: Exposure
): Look {
  return async () => {
    try {
      const { answers } = await metrics.look({
        metrics: [exposure.metric],
        parameters: { ...parametersOf(definition, target), ...exposure.parameters },
        since,
        graceMs: definition.database.graceMs
      })
      return exposureFinding(exposure, answers[exposure.metric])
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error
      return exposureFinding(exposure, { kind: 'blind', message: error.message })
    }
  }
}

/** The database may be away for a while, and a deployment may take a moment to answer: both are waited for. */
async function untilProven(
  { clock, log }: Pick<World, 'clock' | 'log'>,
  claim: Claim & Pick<ServingClaim, 'stillWanted'>,
  look: () => Promise<readonly Finding[]>
): Promise<readonly Finding[]> {
  const { phase, effect, stillWanted } = claim
  const startMs = clock.now()
  const deadlineMs = startMs + (effect?.deadlineMs ?? 0)
  let told = ''
  while (true) {
    const findings = await look()
    if (isProven(findings)) return findings
    const now = clock.now()
    if (isRefuted(findings) || now >= deadlineMs) throw unproven(phase, findings, now - startMs)
    const open = findings.filter(({ status }) => status === 'missing')
    // A number that grows is no news; a part that is proven, or open again, is.
    const parts = open.map(({ part }) => part).join()
    if (parts !== told) log.info(`${phase}: not proven yet: ${whyUnproven(findings)}`)
    told = parts
    await stillWanted()
    const pauseMs = Math.min(
      Math.max((now - startMs) / 10, SHORTEST_PAUSE_MS),
      LONGEST_PAUSE_MS,
      deadlineMs - now
    )
    await clock.sleep(pauseMs)
  }
}

function unproven(what: string, findings: readonly Finding[], waitedMs = 0): ProviderError {
  const after = waitedMs > 0 ? ` within ${formatDuration(waitedMs)}` : ''
  return new ProviderError(
    'effect_unproven',
    `${what} is not proven${after}: ${whyUnproven(findings)}`,
    'Look at the deployment and at what is named; correct it, or `effect` in the definition.'
  )
}
