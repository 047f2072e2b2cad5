import * as z from 'zod'
import type { Asking, Deployment } from '../rollout/ports.ts'
import type { ChangeOutcome, VercelApi } from './api.ts'

/** The meta key under which a deployment carries the intent that asked for it. */
export const INTENT_META = 'rollgate'

/** The meta key of the commit whose files were uploaded; the CLI itself finds no repository beside them. */
export const COMMIT_META = 'rollgateCommit'

/** A deployment with what tells whether its target serves it. */
export interface DeploymentView {
  readonly deployment: Deployment
  readonly aliasAssigned: boolean
  readonly aliasError?: string
  /** Ready, but never given the production domains. */
  readonly staged: boolean
  /** What its commit is the newest of, or was. */
  readonly branch?: string
}

/** Whether it serves, or may come to. */
export function isAlive({ state }: Deployment): boolean {
  return state === 'building' || state === 'ready'
}

/** The deployments of one project, read and cancelled through REST. */
export interface Deployments {
  /** @throws ProviderError */
  get(id: string, asking?: Asking): Promise<DeploymentView>
  /** All that carry the intent, newest first. @throws ProviderError */
  ofIntent(intent: string): Promise<readonly Deployment[]>
  /** @throws ProviderError */
  newestReady(target: string): Promise<Deployment | undefined>
  cancel(id: string): Promise<ChangeOutcome>
}

const deployment = z.looseObject({
  id: z.string().optional(),
  uid: z.string().optional(),
  url: z.string().nullish(),
  target: z.string().nullish(),
  customEnvironment: z.looseObject({ slug: z.string().nullish() }).nullish(),
  readyState: z.string().nullish(),
  state: z.string().nullish(),
  readySubstate: z.string().nullish(),
  createdAt: z.number().nullish(),
  created: z.number().nullish(),
  meta: z.record(z.string(), z.unknown()).nullish(),
  gitSource: z.looseObject({ sha: z.string().nullish(), ref: z.string().nullish() }).nullish(),
  inspectorUrl: z.string().nullish(),
  errorMessage: z.string().nullish(),
  aliasAssigned: z.unknown().optional(),
  aliasError: z.looseObject({ message: z.string().nullish() }).nullish()
})

const page = z.looseObject({
  deployments: z.array(deployment),
  pagination: z.looseObject({ next: z.number().nullish() }).nullish()
})

const LONGEST_LISTING = 10

/** Deployment access through REST. */
export function createDeployments(api: VercelApi, projectId: string): Deployments {
  const list = (query: Readonly<Record<string, string>>) => pages(api, { projectId, ...query })
  return {
    get: async (id, asking) => {
      const path = `/v13/deployments/${encodeURIComponent(id)}`
      return toView(await api.get({ path, ...asking }, deployment))
    },
    ofIntent: async intent => {
      const found: Deployment[] = []
      for await (const one of list({ [`meta-${INTENT_META}`]: intent })) found.push(one)
      // A provider that ignored the filter must not make a stranger ours.
      return found.filter(one => one.intent === intent).sort(newestFirst)
    },
    newestReady: async target => {
      for await (const one of list({ state: 'READY', target }))
        if (one.target === target && one.state === 'ready') return one
      return undefined
    },
    cancel: id =>
      api.change({ method: 'PATCH', path: `/v12/deployments/${encodeURIComponent(id)}/cancel` })
  }
}

async function* pages(api: VercelApi, query: Readonly<Record<string, string>>) {
  let until: Record<string, string> = {}
  for (let count = 0; count < LONGEST_LISTING; count += 1) {
    const read = await api.get({ path: '/v6/deployments', query: { ...query, ...until } }, page)
    for (const one of read.deployments) yield toView(one).deployment
    const next = read.pagination?.next ?? undefined
    if (next === undefined) return
    until = { until: String(next) }
  }
}

const newestFirst = (a: Deployment, b: Deployment): number => b.createdAt.localeCompare(a.createdAt)

function toView(raw: z.infer<typeof deployment>): DeploymentView {
  const intent = raw.meta?.[INTENT_META]
  const { inspectorUrl, errorMessage, aliasError } = raw
  const commit = commitOf(raw)
  const branch = branchOf(raw)
  return {
    deployment: {
      id: raw.id ?? raw.uid ?? '',
      url: withScheme(raw.url ?? ''),
      // A preview deployment has the target null.
      target: raw.customEnvironment?.slug ?? raw.target ?? 'preview',
      state: stateOf(raw.readyState ?? raw.state ?? ''),
      createdAt: new Date(raw.createdAt ?? raw.created ?? 0).toISOString(),
      ...(typeof intent === 'string' ? { intent } : {}),
      ...(commit ? { commit } : {}),
      ...(inspectorUrl ? { inspectorUrl } : {}),
      ...(errorMessage ? { problem: errorMessage } : {})
    },
    aliasAssigned: Boolean(raw.aliasAssigned),
    ...(aliasError ? { aliasError: aliasError.message ?? 'unknown reason' } : {}),
    staged: raw.readySubstate === 'STAGED',
    ...(branch ? { branch } : {})
  }
}

const HOSTS = ['github', 'gitlab', 'bitbucket', 'git']

const COMMIT_KEYS = [COMMIT_META, ...HOSTS.map(host => `${host}CommitSha`)]
const BRANCH_KEYS = HOSTS.map(host => `${host}CommitRef`)

/** A shortened id would be no use to anybody who wants to deploy that commit again. */
const WHOLE_COMMIT = /^[0-9a-f]{40}$/u

function commitOf({ meta, gitSource }: z.infer<typeof deployment>): string | undefined {
  return [...COMMIT_KEYS.map(key => meta?.[key]), gitSource?.sha]
    .map(told => (typeof told === 'string' ? told.toLowerCase() : ''))
    .find(told => WHOLE_COMMIT.test(told))
}

/** The CLI calls a detached checkout `HEAD`, which is the branch of nothing. */
function branchOf({ meta, gitSource }: z.infer<typeof deployment>): string | undefined {
  return [gitSource?.ref, ...BRANCH_KEYS.map(key => meta?.[key])].find(
    (told): told is string => typeof told === 'string' && told !== '' && told !== 'HEAD'
  )
}

const withScheme = (url: string): string => (url.includes('://') ? url : `https://${url}`)

function stateOf(readyState: string): Deployment['state'] {
  switch (readyState) {
    case 'READY':
      return 'ready'
    case 'ERROR':
    case 'BLOCKED':
      return 'failed'
    case 'CANCELED':
    case 'DELETED':
      return 'cancelled'
    default:
      // States that are new to us are left to the deadline.
      return 'building'
  }
}
