import { readCallee } from './callee.ts'
import { type Contexts, evaluate, evaluateText, evaluateTexts } from './expression.ts'
import { calledInputs } from './given-inputs.ts'
import type { OpenJob } from './job-control.ts'
import { grantOf } from './job-control.ts'
import { groupWish, inGroup } from './membership.ts'
import { JobFailure, type JobOutcome, overall } from './records.ts'
import type { Named, Scope, Shop } from './shop.ts'
import type { JobFile } from './workflow-file.ts'

/** Performs the workflow that a job calls, and hands its outputs over. @throws JobFailure */
export async function callWorkflow(
  shop: Shop,
  scope: Scope,
  job: JobFile,
  contexts: Contexts,
  control: OpenJob
): Promise<JobOutcome> {
  const uses = job.uses ?? ''
  const { file, origin } = await readCallee(uses, scope.origin, shop.homes)
  const given = (evaluate(job.key('with'), contexts) ?? {}) as Readonly<Record<string, unknown>>
  const missing = Object.entries(file.callInputs).find(
    ([name, { required }]) => required && given[name] === undefined
  )
  if (missing !== undefined) throw new JobFailure(`Input ${missing[0]} is required by ${uses}`)
  const inputs = calledInputs(file.callInputs, given)
  const called: Scope = {
    run: scope.run,
    file,
    origin,
    prefix: `${scope.prefix}${job.id} / `,
    contexts: { ...scope.contexts, inputs },
    secrets: secretsOf(shop, scope, job, contexts, origin.repository),
    grant: grantOf(scope, job)
  }
  control.cancelled.addEventListener('abort', () => {
    const below = [...scope.run.controls].filter(each => each.record.key.startsWith(called.prefix))
    for (const each of below) each.cancel('The operation was canceled.')
  })
  const wish = groupWish(file.key('concurrency'), called.contexts)
  return inGroup(shop, wish, control, async () => {
    const outcomes = await shop.performJobs(called)
    const jobs = Object.fromEntries(outcomes)
    const outputs = Object.entries(file.callOutputs).map(([name, value]) => [
      name,
      evaluateText(value, { ...called.contexts, jobs })
    ])
    const results = [...outcomes.values()].map(({ result }) => result)
    return { result: overall(results), outputs: Object.fromEntries(outputs) }
  })
}

/**
 * What the called workflow's jobs get. Another owner's gets nothing that is inherited; the secrets
 * of an environment reach it only by inheritance, or in the very same repository.
 */
function secretsOf(
  { github }: Shop,
  scope: Scope,
  job: JobFile,
  contexts: Contexts,
  callee: string
): Scope['secrets'] {
  const sameOwner = ownerOf(callee) === ownerOf(github.repository)
  if (job.inheritsSecrets) return sameOwner ? scope.secrets : () => ({})
  const token = job.key('secrets')
  if (token === undefined) return () => ({})
  const passed: Named = evaluateTexts(token, { ...contexts, secrets: scope.secrets(undefined) })
  const sameRepository = callee === github.repository
  return environment => ({
    ...(sameRepository && environment !== undefined ? scope.secrets(environment) : {}),
    ...passed
  })
}

function ownerOf(repository: string): string {
  return repository.split('/')[0]?.toLowerCase() ?? ''
}
