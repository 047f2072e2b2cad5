import { members } from '../http/route.ts'
import { refusal } from './refusal.ts'
import type { ProjectSwitches } from './switches.ts'

export interface ReleaseStage {
  readonly index: number
  readonly targetPercentage: number
  readonly requireApproval: boolean
  readonly duration: number | null
  readonly isFinalStage: boolean
}

/** A release that is under way, or the one that was last. */
export interface Release {
  readonly canary: string
  readonly current: string
  readonly stage: number
  readonly stages: readonly ReleaseStage[]
  readonly state: 'ACTIVE' | 'COMPLETE' | 'ABORTED'
  readonly queued: string | undefined
  readonly startedAt: number
  readonly updatedAt: number
}

/** Production traffic that moves to a new deployment stage by stage. */
export interface RollingReleases {
  /** Whether the project is configured for it. */
  enabled(): boolean
  last(): Release | undefined
  active(): Release | undefined
  start(canary: string, current: string): void
  /** What is to be released once the present one is complete. */
  queue(id: string): void
  approve(nextStage: number, canary: string): void
  /** Ends it; the queued deployment, if there is one. */
  complete(canary: string): string | undefined
  abort(): void
  /** Per cent of the production traffic that the canary gets; 0 when none is under way. */
  percentage(): number
}

/** No release yet; the stages are read from the project's configuration when one starts. */
export function createRollingReleases(now: () => number, switches: ProjectSwitches) {
  let release: Release | undefined
  const active = () => (release?.state === 'ACTIVE' ? release : undefined)
  const change = (more: Partial<Release>): void => {
    if (release) release = { ...release, ...more, updatedAt: now() }
  }
  const own = (canary: string): Release => {
    const running = active()
    if (running?.canary === canary) return running
    throw refusal(400, 'bad_request', `No rolling release of ${canary} is under way`)
  }

  const releases: RollingReleases = {
    enabled: () => isEnabled(switches.rollingRelease),
    last: () => release,
    active,
    start: (canary, current) => {
      if (active()) throw refusal(409, 'conflict', 'A rolling release is under way')
      const stages = stagesOf(switches.rollingRelease)
      const moment = { startedAt: now(), updatedAt: now() }
      release = { canary, current, stage: 0, stages, state: 'ACTIVE', queued: undefined, ...moment }
    },
    queue: queued => change({ queued }),
    approve: (stage, canary) => {
      const { stages, stage: present } = own(canary)
      if (stage !== present + 1 || !stages[stage])
        throw refusal(400, 'bad_request', `Stage ${stage} does not follow stage ${present}`)
      change({ stage })
    },
    complete: canary => {
      const { queued } = own(canary)
      change({ state: 'COMPLETE', queued: undefined })
      return queued
    },
    abort: () => {
      if (active()) change({ state: 'ABORTED', queued: undefined })
    },
    percentage: () => {
      const running = active()
      return running?.stages[running.stage]?.targetPercentage ?? 0
    }
  }
  return releases
}

function isEnabled(configuration: unknown): boolean {
  return (
    typeof configuration === 'object' &&
    configuration !== null &&
    members(configuration)['enabled'] !== false
  )
}

function stagesOf(configuration: unknown): readonly ReleaseStage[] {
  const { stages } = members(configuration)
  const given = (Array.isArray(stages) ? stages : []).map(members)
  const listed = given.length > 0 ? given : [{ targetPercentage: 10 }, { targetPercentage: 100 }]
  return listed.map((stage: Readonly<Record<string, unknown>>, index) => ({
    index,
    targetPercentage: Number(stage['targetPercentage']),
    requireApproval: stage['requireApproval'] !== false,
    duration: typeof stage['duration'] === 'number' ? stage['duration'] : null,
    isFinalStage: index === listed.length - 1
  }))
}
