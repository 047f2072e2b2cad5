import type { Target } from './definition.ts'
import type { ProjectFacts, TargetFacts } from './ports.ts'
import type { PreflightItem } from './preflight.ts'
import { CONNECT_REPOSITORY, FREE_DOMAIN } from './target-remedies.ts'

interface Asked {
  readonly target: string
  readonly how: Target
  readonly project: Pick<ProjectFacts, 'name' | 'repository'>
  readonly facts: TargetFacts
}

type Doubt = Omit<PreflightItem, 'name'>

/** What the way that a target is deployed means for a rollout. */
export function judgeTarget(asked: Asked): readonly PreflightItem[] {
  const name = `deploying to ${asked.target}`
  const doubts = [repository, alias, liveCode, otherCode, anyBranch, prebuilt].flatMap(
    judge => judge(asked) ?? []
  )
  return doubts.length > 0
    ? doubts.map(doubt => ({ name, ...doubt }))
    : [{ name, outcome: 'ok', message: inOrder(asked) }]
}

function inOrder({ how: { deploy, commit, staged, alias: domain } }: Asked): string {
  const settings = [
    `deploy: ${deploy}`,
    `commit: ${commit}`,
    ...(staged ? ['staged'] : []),
    ...(domain === undefined ? [] : [`alias: ${domain}`])
  ]
  return settings.join(', ')
}

function repository({ how, project }: Asked): Doubt | undefined {
  if (how.deploy !== 'git' || project.repository !== undefined) return undefined
  return {
    outcome: 'fail',
    message: `${project.name} has no repository connected that Vercel could take a commit from`,
    remedy: CONNECT_REPOSITORY
  }
}

function alias({ how, facts }: Asked): Doubt | undefined {
  if (how.alias === undefined || facts.alias !== 'elsewhere') return undefined
  return {
    outcome: 'fail',
    message: `the domain ${how.alias} belongs to another project`,
    remedy: FREE_DOMAIN
  }
}

function liveCode({ target, how, facts }: Asked): Doubt | undefined {
  const { live } = facts
  if (how.commit !== 'live') return undefined
  if (live === undefined) {
    return {
      outcome: 'warn',
      message: `nothing serves ${target} yet, so the first phase brings the newest code`,
      remedy: `Deploy ${target} once before the rollout.`
    }
  }
  if (live.commit === undefined) {
    return {
      outcome: 'fail',
      message: `Vercel does not tell the commit of ${live.id}, which ${target} serves`,
      remedy: `Deploy ${target} once from a commit, as by a push; or write commit: head.`
    }
  }
  if (how.deploy === 'git' || facts.liveIsHere) return undefined
  return {
    outcome: 'warn',
    message: `the commit ${short(live.commit)}, which ${target} serves, is not in this clone`,
    remedy:
      'Check the repository out with its history where phases are applied (fetch-depth: 0), or write deploy: git or commit: head.'
  }
}

function otherCode({ target, how, facts }: Asked): Doubt | undefined {
  const { live, head } = facts
  if (how.commit === 'live' || live?.commit === undefined || head === undefined) return undefined
  if (live.commit === head) return undefined
  return {
    outcome: 'warn',
    message: `a phase also brings other commits: ${target} serves ${short(live.commit)}, and ${short(head)} is deployed`,
    remedy:
      'Deploy that commit before the rollout, or write commit: live, so that only flags change.'
  }
}

function anyBranch({ target, how }: Asked): Doubt | undefined {
  if (target === 'production' || how.commit !== 'live' || how.alias !== undefined) return undefined
  return {
    outcome: 'warn',
    message: `the newest deployment of any branch counts as what ${target} serves`,
    remedy: 'Name the domain that it is tested at: alias: staging.shop.example.'
  }
}

function prebuilt({ how }: Asked): Doubt | undefined {
  if (!how.prebuilt) return undefined
  return {
    outcome: 'warn',
    message:
      'what is built before the flags are set does not have them where they are read while building',
    remedy: 'Make sure that the flags are read when a request is served; else remove prebuilt.'
  }
}

const short = (commit: string): string => commit.slice(0, 7)
