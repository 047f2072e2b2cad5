import type { EventOf } from '../rollout/events.ts'
import type { Deployment } from '../rollout/ports.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import { type Recorded, record } from './record.ts'
import type { World } from './world.ts'

export type Intent = EventOf<'rollback-requested'>
type Step = EventOf<'rollback-step'>['step']

interface StepResult {
  readonly message: string
  /** What the ledger's history says of it; the message unless told. */
  readonly headline?: string
  readonly deployment?: Deployment
  readonly since?: string
}

export interface StepRecorded extends Recorded {
  /** Nobody had begun the watch of this attempt before: two that make a deployment each both record it. */
  readonly first: boolean
}

/** Records what one step of a rollback came to; once, however often it is carried out. */
export async function recordStep(
  world: World,
  intent: Intent,
  step: Step,
  { message, headline = message, deployment, since }: StepResult
): Promise<StepRecorded> {
  let first = true
  const recorded = await record(world, current => {
    first = current.rollback?.since === undefined
    const done = current.rollback?.steps.some(
      known => known.step === step && known.deployment?.id === deployment?.id
    )
    return done
      ? undefined
      : {
          message: `${rolloutId(current.definition, current.number)}: ${headline}`,
          events: [
            {
              kind: 'rollback-step',
              intent: intent.id,
              step,
              message,
              ...(deployment === undefined
                ? {}
                : { deployment: { id: deployment.id, url: deployment.url } }),
              ...(since === undefined ? {} : { since })
            }
          ]
        }
  })
  return { ...recorded, first }
}
