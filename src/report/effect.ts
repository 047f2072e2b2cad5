import type { Effect } from '../rollout/definition.ts'
import { formatDuration } from '../rollout/duration.ts'
import { exposureText, percentText } from '../rollout/effect.ts'
import type { EffectPart } from '../rollout/events.ts'

/** What has to be seen of a phase: "GET /api/health answers 200; … within 10m". */
export function wantedText({ probe, exposure, deadlineMs }: Effect): string {
  const holds = probe?.contains === undefined ? '' : ` and holds ${JSON.stringify(probe.contains)}`
  const parts = [
    ...(probe === undefined ? [] : [`GET ${probe.path} answers ${probe.status}${holds}`]),
    ...(exposure === undefined
      ? []
      : [
          `${exposureText(exposure)} is at least ${percentText(exposure.atLeast)} of ${exposure.minUnits} or more units`
        ])
  ]
  return `${parts.join('; ')}; within ${formatDuration(deadlineMs)}`
}

/** How a phase was proven: "proven: deployment, flags; GET …"; undefined when nobody kept it. */
export function provenText(parts: readonly EffectPart[]): string | undefined {
  if (parts.length === 0) return undefined
  const always = parts.filter(({ part }) => part === 'deployment' || part === 'flags')
  const proven = always.filter(one => one.proven).map(({ part }) => part)
  const rest = parts.filter(one => !(one.proven && always.includes(one)))
  const told = rest.map(({ part, proven: seen, message }) =>
    seen ? message : `not ${part}: ${message}`
  )
  return `proven: ${[...(proven.length === 0 ? [] : [proven.join(', ')]), ...told].join('; ')}`
}
