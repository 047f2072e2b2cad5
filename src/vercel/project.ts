import * as z from 'zod'
import type { ProjectFacts, ProjectInspector } from '../rollout/ports.ts'
import type { VercelApi } from './api.ts'

/** The move of the production domains that was asked for last. */
export interface AliasMove {
  readonly to: string
  readonly status: string
  readonly requestedAt: number
}

/** What a project says about itself. */
export interface ProjectView extends ProjectFacts {
  readonly lastMove?: AliasMove
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
  targets: z
    .looseObject({ production: z.looseObject({ id: z.string().nullish() }).nullish() })
    .nullish(),
  lastAliasRequest: z
    .looseObject({
      type: z.string().nullish(),
      toDeploymentId: z.string().nullish(),
      jobStatus: z.string().nullish(),
      requestedAt: z.number().nullish()
    })
    .nullish()
})

/** Reads the project on every call. */
export function createProjectReader(api: VercelApi, projectId: string): ProjectReader {
  const path = `/v9/projects/${encodeURIComponent(projectId)}`
  return {
    // The CLI asks with `rollbackInfo` whenever it needs the last move.
    read: async () => toView(await api.get({ path, query: { rollbackInfo: 'true' } }, project))
  }
}

/** The facts that preflight judges. */
export function createProjectInspector(reader: ProjectReader): ProjectInspector {
  return {
    inspectProject: async () => {
      const { lastMove: _, ...facts } = await reader.read()
      return facts
    }
  }
}

function toView(raw: z.infer<typeof project>): ProjectView {
  const { lastAliasRequest: move } = raw
  const production = raw.targets?.production?.id
  return {
    id: raw.id,
    name: raw.name,
    // A rollback switches it off until the next promotion, without touching the setting.
    autoAssignsProduction: raw.autoAssignCustomDomains !== false && move?.type !== 'rollback',
    rollingRelease: isActive(raw.rollingRelease),
    ...(production ? { productionDeployment: production } : {}),
    ...(move?.toDeploymentId
      ? {
          lastMove: {
            to: move.toDeploymentId,
            status: move.jobStatus ?? '',
            requestedAt: move.requestedAt ?? 0
          }
        }
      : {})
  }
}

function isActive(rollingRelease: unknown): boolean {
  if (typeof rollingRelease !== 'object' || rollingRelease === null) return false
  return !('enabled' in rollingRelease && rollingRelease.enabled === false)
}
