import type { Target } from '../rollout/definition.ts'
import type { Deployer, ProjectInspector, SourceTree, TargetFacts } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import type { Aliases } from './aliases.ts'
import type { Production } from './production.ts'

export interface InspectorParts {
  readonly production: Pick<Production, 'look'>
  readonly deployer: Pick<Deployer, 'live'>
  readonly aliases: Pick<Aliases, 'holder'>
  readonly source: SourceTree
  readonly how: (target: string) => Target
}

/** The facts that preflight judges. */
export function createProjectInspector(parts: InspectorParts): ProjectInspector {
  return {
    inspectProject: async () => {
      const { project, release } = await parts.production.look()
      const {
        lastMove: _,
        assignsBySetting: _s,
        rolledBackTo: _r,
        connected: _c,
        ...facts
      } = project
      return { ...facts, ...(release ? { releasing: release.canary } : {}) }
    },
    inspectTarget: target => inspectTarget(parts, target)
  }
}

async function inspectTarget(parts: InspectorParts, target: string): Promise<TargetFacts> {
  const { source, how } = parts
  const { deploy, commit, alias: domain } = how(target)
  const alias = domain === undefined ? undefined : await placeOf(parts, domain)
  const live = alias === 'elsewhere' ? undefined : await parts.deployer.live(target)
  const head = deploy === 'cli' && commit === 'head' ? await source.head() : undefined
  return {
    ...(live ? { live } : {}),
    liveIsHere: live?.commit !== undefined && (await source.has(live.commit)),
    ...(head === undefined ? {} : { head }),
    ...(alias === undefined ? {} : { alias })
  }
}

async function placeOf({ aliases }: InspectorParts, domain: string): Promise<TargetFacts['alias']> {
  try {
    return (await aliases.holder(domain)) === undefined ? 'nowhere' : 'here'
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'alias_elsewhere') return 'elsewhere'
    throw error
  }
}
