import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Answers, hasShadowPhases } from '../../src/adoption/answers.ts'
import { definitionFile } from '../../src/adoption/definition-text.ts'
import { compareFile, filesToWrite } from '../../src/adoption/files.ts'
import { metricFiles } from '../../src/adoption/metric-files.ts'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import { enabledPhases, metricsOf } from '../../src/rollout/definition.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import { parseDuration } from '../../src/rollout/duration.ts'
import { SQL, withFiles } from '../postgres/embedded.ts'
import { answersOf } from './example.ts'

const OWN = { soak: ['48h', '48h'], flag: ['NEW=on/off'] }

function written(answers: Answers, envExample = false) {
  const { path, text } = definitionFile(answers, { envExample })
  return { text, definition: parseDefinition({ file: path, text, digest: '' }) }
}

function metricsIn(answers: Answers) {
  const files = metricFiles(answers).map(({ path, text }) => [path.split('/').at(-1), text])
  return withFiles(Object.fromEntries(files), folder =>
    loadCatalogue([folder, { path: `${SQL}metrics`, shownAs: 'sql/metrics' }])
  )
}

test.each([
  ['with shadow phases', answersOf()],
  ['without', answersOf(OWN)],
  [
    'with a second person instead of reviewers',
    answersOf({ gate: ['dispatch'], allow: ['ann', 'no'] })
  ],
  [
    'with names that YAML would take for something else',
    answersOf({
      name: ['true'],
      owner: ['#1: "us" & co, [all]'],
      'preview-keys': ['null'],
      'event-source': ['3.14'],
      'good-ending': ['yes', 'no'],
      'database-secret': ['NULL'],
      ...OWN
    })
  ]
])('the definition %s is accepted together with its metrics', async (_, answers) => {
  const { headers } = await metricsIn(answers)
  const metrics = Object.fromEntries(headers.map(({ name, kind }) => [name, kind]))
  const { path: file, text } = definitionFile(answers, { envExample: true })
  const definition = parseDefinition({ file, text, digest: '', metrics })
  expect(definition).toMatchObject({
    name: answers.name,
    owner: answers.owner,
    targets: { preview: { keys: answers.keys.preview } },
    parameters: { source: answers.events.source, good_endings: answers.events.good.join(',') },
    database: { secret: answers.databaseSecret },
    graduation: { envExample: '.env.example' }
  })
  const used = Object.values(definition.criteria).flatMap(metricsOf)
  const ours = headers.filter(header => !header.file.startsWith('sql/metrics/')).map(h => h.name)
  expect([...new Set(used)].sort()).toEqual([...new Set(ours.length > 0 ? ours : used)].sort())
})

test('four phases carry a feature that can run silently, two one that cannot', () => {
  const shape = (answers: Answers) =>
    enabledPhases(written(answers).definition).map(({ name, target, flags, gate, soakMs }) => [
      name,
      target,
      Object.values(flags).join(),
      gate?.mode,
      soakMs / 3_600_000
    ])
  expect(shape(answersOf())).toEqual([
    ['staging-shadow', 'preview', 'false,true', undefined, 0.5],
    ['staging-full', 'preview', 'true,false', undefined, 48],
    ['production-shadow', 'production', 'false,true', 'environment', 24],
    ['production-full', 'production', 'true,false', 'environment', 48]
  ])
  expect(shape(answersOf({ ...OWN, gate: ['dispatch'], allow: ['ann'] }))).toEqual([
    ['staging-full', 'preview', 'on', undefined, 48],
    ['production-full', 'production', 'on', 'dispatch', 48]
  ])
})

test('the checkpoints of the defaults are those of the worked example', () => {
  const minutes = enabledPhases(written(answersOf()).definition).map(phase =>
    phase.checkpointsMs.map(ms => ms / 60_000)
  )
  expect(minutes).toEqual([
    [0, 30],
    [0, 60, 360, 720, 1440, 2160, 2880],
    [0, 60, 360, 720, 1440],
    [0, 30, 60, 120, 240, 360, 720, 1440, 2880]
  ])
})

test('a rollback turns every flag off', () => {
  expect(written(answersOf()).definition.rollback.flags).toEqual({
    NEW_CHECKOUT: 'false',
    NEW_CHECKOUT_SHADOW: 'false'
  })
})

test('what stands in comments to be switched on is accepted too', () => {
  const { text } = definitionFile(answersOf(), { envExample: false })
  const on = text
    .replace('# units_per_day', 'units_per_day')
    .replace('# freeze:\n#   -', 'freeze:\n  -')
  const definition = parseDefinition({ file: 'x.yml', text: on, digest: '' })
  expect(definition.unitsPerDay).toBe(100)
  expect(definition.freeze).toHaveLength(1)
  const filter = '  environment_filter: { preview: staging, production: live }'
  parseDefinition({
    file: 'x.yml',
    text: on.replace('  environment_filter: none', filter),
    digest: ''
  })
})

test('the units of a day are written when they are known', () => {
  expect(written(answersOf({ 'units-per-day': ['27'] })).definition.unitsPerDay).toBe(27)
})

const soak = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('m', 'h', 'd', 's'))
  .map(([amount, unit]) => `${amount}${unit}`)
const value = fc.stringMatching(/^[^/\p{Cc}\u2028\u2029\s]{1,12}$/u)

test('whatever the flags, their values and the soaks are, the definition says just that', () => {
  fc.assert(
    fc.property(value, value, soak, soak, (on, off, first, second) => {
      fc.pre(on !== off)
      const answers = answersOf({ flag: [`F=${on}/${off}`], soak: [first, second] })
      const { phases, rollback } = written(answers).definition
      expect(hasShadowPhases(answers)).toBe(false)
      expect(phases.map(({ flags }) => flags)).toEqual([{ F: on }, { F: on }])
      expect(rollback.flags).toEqual({ F: off })
      expect(phases.map(({ soakMs }) => soakMs)).toEqual([first, second].map(parseDuration))
    })
  )
})

test('a file that differs is named and refused, unless it is forced', () => {
  const planned = { path: 'a.yml', text: 'new' }
  const differs = compareFile(planned, 'old', undefined)
  const fresh = compareFile({ path: 'b.yml', text: 'b' }, undefined, undefined)
  const same = compareFile({ path: 'c.yml', text: 'c' }, 'c', undefined)
  expect(() => filesToWrite([differs, fresh, same], false)).toThrow('a.yml')
  expect(filesToWrite([differs, fresh, same], true).map(({ path }) => path)).toEqual([
    'a.yml',
    'b.yml'
  ])
})

test('a file that was written here for fewer rollouts is brought up to date', () => {
  const file = compareFile({ path: 'a.yml', text: 'one two' }, 'one', 'one')
  expect(file.state).toBe('outdated')
  expect(filesToWrite([file], false)).toEqual([{ path: 'a.yml', text: 'one two' }])
})
