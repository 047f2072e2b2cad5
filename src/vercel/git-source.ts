import * as z from 'zod'

/** The repository that a project is connected to, as its API describes it. */
export const repositoryLink = z.looseObject({
  type: z.string().nullish(),
  productionBranch: z.string().nullish(),
  org: z.string().nullish(),
  repo: z.string().nullish(),
  repoId: z.union([z.number(), z.string()]).nullish(),
  host: z.string().nullish(),
  projectId: z.union([z.number(), z.string()]).nullish(),
  projectNameWithNamespace: z.string().nullish(),
  owner: z.string().nullish(),
  slug: z.string().nullish(),
  uuid: z.string().nullish(),
  workspaceUuid: z.string().nullish()
})

type Link = z.infer<typeof repositoryLink>

/** A repository that deployments can be made from without an upload. */
export interface ConnectedRepository {
  /** As people know it: `acme/shop`. */
  readonly name: string
  readonly productionBranch: string
  /** What names it in the `gitSource` of a new deployment. */
  readonly source: Readonly<Record<string, string | number>>
}

/** Undefined when none is connected, or one of a kind that is not known here. */
export function repositoryOf(link: Link | null | undefined): ConnectedRepository | undefined {
  const known = link && KINDS[link.type ?? '']?.(link)
  if (!known) return undefined
  const { name, ...source } = known
  const given = Object.entries(source).filter(([, value]) => value !== null && value !== undefined)
  return {
    name,
    productionBranch: link.productionBranch || 'main',
    source: Object.fromEntries(given) as ConnectedRepository['source']
  }
}

type Named = { readonly name: string } & Readonly<
  Record<string, string | number | null | undefined>
>

const KINDS: Readonly<Record<string, (link: Link) => Named>> = {
  github: ofGithub,
  'github-limited': ofGithub,
  'github-custom-host': link => ({
    ...ofGithub(link),
    type: 'github-custom-host',
    host: link.host
  }),
  gitlab: ({ projectId, projectNameWithNamespace }) => ({
    name: projectNameWithNamespace ?? String(projectId),
    type: 'gitlab',
    projectId
  }),
  bitbucket: ({ owner, slug, uuid, workspaceUuid }) => ({
    name: `${owner}/${slug}`,
    type: 'bitbucket',
    ...(uuid ? { repoUuid: uuid, workspaceUuid } : { owner, slug })
  })
}

function ofGithub({ org, repo, repoId }: Link): Named {
  const name = `${org}/${repo}`
  return repoId ? { name, type: 'github', repoId } : { name, type: 'github', org, repo }
}
