import type { Definition } from '../rollout/definition.ts'
import type { DeploymentRef } from '../rollout/state.ts'

/** What is to be put back, and what to point production back at, where that is any use. */
export interface ByHand {
  readonly target: string
  readonly baseline: DeploymentRef | undefined
}

/**
 * What a person types when a rollback could not be finished: the old deployment first, then the
 * flags, then a deployment with them. The values go in on standard input, and nothing asks back, since
 * a prompt without a terminal ends the CLI with success and nothing done; moving production wants the
 * team, which no variable tells it; after an instant rollback a new deployment has to be promoted,
 * because the domains are no longer assigned by themselves, which `vercel deploy` would wait for.
 */
export function renderByHand(definition: Definition, { target, baseline }: ByHand): string {
  const back =
    target === 'production' && baseline ? [`vercel rollback ${baseline.id} --yes ${TEAM}`] : []
  const flags = Object.entries(definition.rollback.flags).map(
    ([flag, value]) =>
      `printf %s '${value}' | vercel env update ${flag} ${target} --yes --non-interactive ${TEAM}`
  )
  const deploy = `vercel deploy ${targetOption(target)} --yes`
  const fresh =
    back.length === 0
      ? [`${deploy} ${TEAM}`]
      : [
          `url=$(${deploy} --no-wait ${TEAM})`,
          `vercel inspect "$url" --wait --timeout 15m ${TEAM}`,
          `vercel promote "$url" --yes ${TEAM}`
        ]
  return [
    'By hand, with VERCEL_TOKEN, VERCEL_ORG_ID and VERCEL_PROJECT_ID set:',
    '',
    '```sh',
    ...back,
    ...flags,
    ...fresh,
    '```'
  ].join('\n')
}

const TEAM = '--scope "$VERCEL_ORG_ID"'

function targetOption(target: string): string {
  return target === 'production' ? '--prod' : `--target ${target}`
}
