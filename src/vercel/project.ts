import * as z from 'zod'
import type { Move, ProjectFacts } from '../rollout/ports.ts'
import type { VercelApi } from './api.ts'
import { type ConnectedRepository, repositoryLink, repositoryOf } from './git-source.ts'

/** The move of the production domains that was asked for last. */
export interface AliasMove {
  readonly type: 'rollback' | 'promote'
  readonly from?: string
  readonly to: string
  readonly status: string
  readonly requestedAt: number
}

/** What became of it, as far as the provider tells. */
export function stateOf({ status }: Pick<AliasMove, 'status'>): Move['state'] {
  switch (status) {
    case 'succeeded':
      return 'moved'
    case 'failed':
    case 'skipped':
      return 'not-moved'
    default:
      return 'moving'
  }
}

/** What a project says about itself. */
export interface ProjectView extends ProjectFacts {
  readonly lastMove?: AliasMove
  /** The setting alone, whatever an instant rollback has switched off. */
  readonly assignsBySetting: boolean
  /** What an instant rollback went to, where the project tells that and nothing of a move. */
  readonly rolledBackTo?: string
  /** The repository it is connected to, as a new deployment names it. */
  readonly connected?: ConnectedRepository
}

/** One project, read whole. */
export interface ProjectReader {
  /** @throws ProviderError */
  read(): Promise<ProjectView>
}

const project = z.looseObject({
  id: z.string(),
  name: z.string(),
  autoAssignCustomDomains: z.boolean().nullish(),
  rollingRelease: z.unknown().optional(),
  link: repositoryLink.nullish(),
  targets: z
    .looseObject({
      production: z
        .looseObject({ id: z.string().nullish(), alias: z.array(z.string()).nullish() })
        .nullish()
    })
    .nullish(),
  lastAliasRequest: z
    .looseObject({
      type: z.string().nullish(),
      fromDeploymentId: z.string().nullish(),
      toDeploymentId: z.string().nullish(),
      jobStatus: z.string().nullish(),
      requestedAt: z.number().nullish()
    })
    .nullish(),
  lastRollbackTarget: z.looseObject({ id: z.string().nullish() }).nullish()
})

/** Reads the project on every call. */
export function createProjectReader(api: VercelApi, projectId: string): ProjectReader {
  const path = `/v9/projects/${encodeURIComponent(projectId)}`
  return {
    // The CLI asks with `rollbackInfo` whenever it needs the last move.
    read: async () => toView(await api.get({ path, query: { rollbackInfo: 'true' } }, project))
  }
}

function toView(raw: z.infer<typeof project>): ProjectView {
  const { lastAliasRequest: move } = raw
  const production = raw.targets?.production
  const connected = repositoryOf(raw.link)
  const rolledBackTo = move ? undefined : raw.lastRollbackTarget?.id
  const assignsBySetting = raw.autoAssignCustomDomains !== false
  const rolledBack =
    move?.type === 'rollback' || (!!rolledBackTo && rolledBackTo === production?.id)
  return {
    id: raw.id,
    name: raw.name,
    // A rollback switches it off until the next promotion, without touching the setting.
    autoAssignsProduction: assignsBySetting && !rolledBack,
    assignsBySetting,
    rollingRelease: isActive(raw.rollingRelease),
    ...(production?.id ? { productionDeployment: production.id } : {}),
    ...(production?.alias?.length ? { productionDomains: production.alias } : {}),
    ...(rolledBackTo ? { rolledBackTo } : {}),
    ...(connected ? { connected, repository: connected.name } : {}),
    ...lastMoveOf(move)
  }
}

function lastMoveOf(
  move: z.infer<typeof project>['lastAliasRequest']
): Pick<ProjectView, 'lastMove'> {
  const { toDeploymentId: to, fromDeploymentId: from, type, jobStatus, requestedAt } = move ?? {}
  if (!to) return {}
  return {
    lastMove: {
      type: type === 'rollback' ? 'rollback' : 'promote',
      ...(from ? { from } : {}),
      to,
      status: jobStatus ?? '',
      requestedAt: requestedAt ?? 0
    }
  }
}

function isActive(rollingRelease: unknown): boolean {
  if (typeof rollingRelease !== 'object' || rollingRelease === null) return false
  return !('enabled' in rollingRelease && rollingRelease.enabled === false)
}
