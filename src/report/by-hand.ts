import type { Definition } from '../rollout/definition.ts'
import type { EventOf } from '../rollout/events.ts'

/**
 * What a person types when a rollback could not be finished: the old deployment first, then the
 * flags, then a deployment with them. The values go in on standard input, since a prompt without a
 * terminal ends the CLI with success and nothing done; after an instant rollback a new deployment
 * has to be promoted, because the domains are no longer assigned by themselves.
 */
export function renderByHand(
  definition: Definition,
  { target, baseline }: Pick<EventOf<'rollback-requested'>, 'target' | 'baseline'>
): string {
  const production = target === 'production'
  const back = production && baseline ? [`vercel rollback ${baseline.id} --yes`] : []
  const flags = Object.entries(definition.rollback.flags).map(
    ([flag, value]) => `printf %s '${value}' | vercel env update ${flag} ${target} --yes`
  )
  const promote = back.length > 0 ? ['vercel promote <the URL that deploy printed> --yes'] : []
  const lines = [...back, ...flags, `vercel deploy ${targetOption(target)} --yes`, ...promote]
  return ['By hand:', '', '```sh', ...lines, '```'].join('\n')
}

function targetOption(target: string): string {
  return target === 'production' ? '--prod' : `--target ${target}`
}
