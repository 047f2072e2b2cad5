import { isMapping } from '@actions/workflow-parser'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import type { GroupWish } from './concurrency.ts'
import { type Contexts, evaluate } from './expression.ts'
import type { OpenJob } from './job-control.ts'
import type { JobOutcome } from './records.ts'
import type { JobControl, Shop } from './shop.ts'

const CANCELLED: JobOutcome = { result: 'cancelled', outputs: {} }

/** Holds the group, if one is wished for, while the work goes on. */
export async function inGroup(
  shop: Shop,
  wish: GroupWish | undefined,
  control: OpenJob,
  work: () => Promise<JobOutcome>
): Promise<JobOutcome> {
  if (wish === undefined) return work()
  const { groups, agenda } = shop
  const leave = (): void => groups.leave(wish, control)
  const turn = groups.enter(wish, control)
  control.enter('pending')
  control.cancelled.addEventListener('abort', () => giveUp(control, leave), { once: true })
  try {
    if (!(await agenda.away(turn))) return CANCELLED
    if (control.cancelled.aborted) return CANCELLED
    control.enter('queued')
    return await work()
  } finally {
    leave()
  }
}

/** A job at work keeps its group until it has really ended. */
function giveUp({ record }: JobControl, leave: () => void): void {
  if (record.status === 'pending') leave()
}

export function groupWish(
  token: TemplateToken | undefined,
  contexts: Contexts
): GroupWish | undefined {
  if (token === undefined) return undefined
  const value = evaluate(token, contexts)
  if (!isMapping(token)) {
    return { group: String(value), cancelInProgress: false, queue: 'single' }
  }
  const wish = value as Readonly<Record<string, unknown>>
  return {
    group: String(wish['group']),
    cancelInProgress: wish['cancel-in-progress'] === true,
    queue: wish['queue'] === 'max' ? 'max' : 'single'
  }
}
