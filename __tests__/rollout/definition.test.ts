import { expect, test } from '@jest/globals'
import { enabledPhases, metricsOf, parametersOf, phaseNamed } from '../../src/rollout/definition.ts'
import { example } from './worked-example.ts'

test('a phase is found by its name, enabled or not', () => {
  expect(phaseNamed(example, 'staging-full')?.soakMs).toBe(172_800_000)
  expect(phaseNamed(example, 'production-scale-5')?.enabled).toBe(false)
  expect(phaseNamed(example, 'production')).toBeUndefined()
})

test('the phases that are carried out keep their order', () => {
  const phases = example.phases.map(phase => ({ ...phase, enabled: !phase.enabled }))
  expect(enabledPhases({ ...example, phases }).map(({ name }) => name)).toEqual([
    'production-scale-4',
    'production-scale-5'
  ])
})

test('no criteria need no metric', () => {
  expect(metricsOf([])).toEqual([])
})

test('SQL is bound to the parameters of the definition and to the environment of the target', () => {
  expect(parametersOf(example, 'preview')).toEqual({
    source: 'assignment.coordinator',
    environment: ''
  })
  const environments = { preview: 'staging' }
  const filtered = { ...example, database: { ...example.database, environments } }
  expect(parametersOf(filtered, 'preview')['environment']).toBe('staging')
})
