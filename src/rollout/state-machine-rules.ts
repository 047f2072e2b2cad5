import type { RawCriterion } from './definition-schema.ts'
import { parseDuration } from './duration.ts'
import type { Placed, Problem, YamlSource } from './yaml-source.ts'

/** Every mistake in the states of a criterion that has the right shape. */
export function checkStates(
  source: YamlSource,
  { path, value: { legal = {}, stuck } }: Placed<RawCriterion>
): readonly Problem[] {
  const twice = Object.entries(legal).flatMap(([from, targets]) =>
    targets.flatMap((to, index) =>
      targets.indexOf(to) === index
        ? []
        : [source.problem([...path, 'legal', from, index], 'is named twice', 'remove one of them')]
    )
  )
  return stuck === undefined
    ? twice
    : [...twice, ...checkStuck(source, { path: [...path, 'stuck'], value: stuck }, legal)]
}

function checkStuck(
  source: YamlSource,
  { path, value: { state, warn, red } }: Placed<NonNullable<RawCriterion['stuck']>>,
  legal: NonNullable<RawCriterion['legal']>
): readonly Problem[] {
  const place = [...path, 'state']
  const states = [...new Set([...Object.keys(legal), ...Object.values(legal).flat()])]
  const left = states.filter(name => (legal[name] ?? []).length > 0)
  const problems: Problem[] = []
  if (!states.includes(state)) {
    const fix = `write one of ${left.join(', ')}`
    problems.push(source.problem(place, 'is not one of the states under `legal`', fix))
  } else if (!left.includes(state)) {
    const message = 'is never left, so whoever gets there would be stuck'
    problems.push(source.problem(place, message, `write one of ${left.join(', ')}`))
  }
  if ((parseDuration(warn) ?? 0) >= (parseDuration(red) ?? 0)) {
    const fix = 'let the warning come first: warn: 10m, red: 30m'
    problems.push(
      source.problem([...path, 'red'], `is not longer than the warning of ${warn}`, fix)
    )
  }
  return problems
}
