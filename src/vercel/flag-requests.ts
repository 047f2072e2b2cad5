import type { FlagStep } from './flag-plan.ts'

/** One request, and the steps it takes. */
export interface FlagRequest extends Pick<FlagStep, 'method' | 'id'> {
  readonly steps: readonly FlagStep[]
  readonly body?: unknown
}

const MAKES_ROOM: readonly FlagStep['kind'][] = ['split', 'delete']
const TAKES_ROOM: readonly FlagStep['kind'][] = ['create', 'join']

/**
 * The steps as requests, those of a wave at the same time and one wave after the other. What is created is
 * created by one request, or `singly`.
 */
export function wavesOf(
  steps: readonly FlagStep[],
  singly: boolean
): readonly (readonly FlagRequest[])[] {
  const takers = steps.filter(({ kind }) => TAKES_ROOM.includes(kind))
  const freed = steps.filter(({ kind }) => MAKES_ROOM.includes(kind)).map(({ flag }) => flag)
  const waits = takers.some(({ flag }) => freed.includes(flag))
  const waves = waits ? [steps.filter(step => !takers.includes(step)), takers] : [steps]
  return waves.map(wave => requestsOf(wave, singly)).filter(wave => wave.length > 0)
}

function requestsOf(steps: readonly FlagStep[], singly: boolean): readonly FlagRequest[] {
  const created = steps.filter(({ kind }) => kind === 'create')
  if (singly || created.length < 2) return steps.map(requestOf)
  const batch = { method: 'POST', steps: created, body: created.map(({ body }) => body) } as const
  return [batch, ...steps.filter(({ kind }) => kind !== 'create').map(requestOf)]
}

function requestOf(step: FlagStep): FlagRequest {
  const { method, id, body } = step
  return {
    method,
    ...(id === undefined ? {} : { id }),
    ...(body === undefined ? {} : { body }),
    steps: [step]
  }
}
