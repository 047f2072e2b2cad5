import * as z from 'zod'
import type { Deployment } from '../rollout/ports.ts'
import type { ChangeOutcome, VercelApi } from './api.ts'

/** The meta key under which a deployment carries the intent that asked for it. */
export const INTENT_META = 'rollgate'

/** A deployment with what tells whether its target serves it. */
export interface DeploymentView {
  readonly deployment: Deployment
  readonly aliasAssigned: boolean
  readonly aliasError?: string
  /** Ready, but never given the production domains. */
  readonly staged: boolean
}

/** The deployments of one project, read and cancelled through REST. */
export interface Deployments {
  /** @throws ProviderError */
  get(id: string): Promise<DeploymentView>
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
    get: async id =>
      toView(await api.get({ path: `/v13/deployments/${encodeURIComponent(id)}` }, deployment)),
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
  return {
    deployment: {
      id: raw.id ?? raw.uid ?? '',
      url: withScheme(raw.url ?? ''),
      // A preview deployment has the target null.
      target: raw.customEnvironment?.slug ?? raw.target ?? 'preview',
      state: stateOf(raw.readyState ?? raw.state ?? ''),
      createdAt: new Date(raw.createdAt ?? raw.created ?? 0).toISOString(),
      ...(typeof intent === 'string' ? { intent } : {}),
      ...(inspectorUrl ? { inspectorUrl } : {}),
      ...(errorMessage ? { problem: errorMessage } : {})
    },
    aliasAssigned: Boolean(raw.aliasAssigned),
    ...(aliasError ? { aliasError: aliasError.message ?? 'unknown reason' } : {}),
    staged: raw.readySubstate === 'STAGED'
  }
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
