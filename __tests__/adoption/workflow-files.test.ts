import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { wakeUpCron } from '../../src/adoption/cron.ts'
import {
  timerWaits,
  WORKFLOWS,
  type WorkflowTemplates,
  watchedBy,
  workflowFiles
} from '../../src/adoption/workflow-files.ts'
import { PROJECT } from '../bundle/program.ts'
import { ACTION, answersOf } from './example.ts'

const template = (file: string) => readFileSync(path.join(PROJECT, 'workflows', file), 'utf8')
const TEMPLATES: WorkflowTemplates = {
  rollout: template(WORKFLOWS.rollout),
  monitor: template(WORKFLOWS.monitor),
  rollback: template(WORKFLOWS.rollback),
  timers: template(WORKFLOWS.timers)
}

const ONE = { timers: false, definitions: ['rollouts/one.yml'] }
const textsFor = (choices = ONE, templates = TEMPLATES) =>
  Object.fromEntries(
    workflowFiles(answersOf({ 'database-secret': ['READER_URL'] }), templates, choices).map(
      ({ path: file, text }) => [path.basename(file), text]
    )
  )

test('three workflows are written, and the timers when they are wanted', () => {
  expect(Object.keys(textsFor())).toEqual([
    'rollout.yml',
    'rollout-monitor.yml',
    'rollout-rollback.yml'
  ])
  expect(Object.keys(textsFor({ ...ONE, timers: true }))).toHaveLength(4)
})

test('every mark is filled in and gone', () => {
  for (const text of Object.values(textsFor({ ...ONE, timers: true }))) {
    expect(text).not.toMatch(/# init:|OWNER|0{40}|assignment-pipeline/u)
    const used = [...text.matchAll(/uses: (\S+)/gu)].map(([, uses]) => uses)
    for (const uses of used)
      expect([ACTION, expect.stringMatching(/^actions\//u)]).toContainEqual(uses)
    expect(text).not.toContain('secrets.DATABASE_URL')
  }
})

test('all but the marked values is as in the templates', () => {
  for (const kind of ['rollout', 'monitor', 'rollback', 'timers'] as const) {
    const written = textsFor({ ...ONE, timers: true })[WORKFLOWS[kind]]?.split('\n') ?? []
    const lines = TEMPLATES[kind].split('\n').filter(line => !line.includes('`# init:`'))
    expect(written).toHaveLength(lines.length)
    const changed = lines.filter((line, index) => line !== written[index])
    for (const line of changed) {
      expect(line).toMatch(/# init: [a-z-]+$|^ {4}rollouts\/assignment-pipeline-v3\.yml$/u)
    }
  }
})

test('the values are those of the answers', () => {
  const texts = textsFor()
  const rollout = parse(texts['rollout.yml'] ?? '')
  expect(rollout.env).toEqual({
    METRICS: 'rollgate/metrics',
    ROLLOUT_WORKFLOW: 'rollout.yml',
    MONITOR_WORKFLOW: 'rollout-monitor.yml',
    ROLLBACK_WORKFLOW: 'rollout-rollback.yml',
    TIMERS_WORKFLOW: ''
  })
  expect(rollout.on.workflow_dispatch.inputs.definition.default).toBe('rollouts/one.yml')
  const check = rollout.jobs.apply.steps.at(-1)
  expect(check.with['database-url']).toBe(`$\{{ secrets.READER_URL }}`)
  const monitor = parse(texts['rollout-monitor.yml'] ?? '')
  expect(monitor.on.schedule).toEqual([{ cron: wakeUpCron('acme/shop') }])
  expect(parse(textsFor({ ...ONE, timers: true })['rollout.yml'] ?? '').env.TIMERS_WORKFLOW).toBe(
    'rollout-timers.yml'
  )
})

test('the monitor watches every definition, and can be asked which', () => {
  const definitions = ['rollouts/one.yml', 'rollouts/two.yml']
  const texts = textsFor({ timers: false, definitions })
  expect(watchedBy(texts['rollout-monitor.yml'] ?? '')).toEqual(definitions)
  expect(texts['rollout.yml']).toBe(textsFor()['rollout.yml'])
})

test.each(['', 'on: push', ':::', 'env: { DEFINITIONS: 3 }'])(
  'a file that is no monitor of ours watches nothing: %j',
  text => {
    expect(watchedBy(text)).toEqual([])
  }
)

test('every wait of the timers is a span of time', () => {
  expect(timerWaits(TEMPLATES).length).toBeGreaterThan(3)
  for (const wait of timerWaits(TEMPLATES)) expect(wait).toMatch(/^\d+[mh]$/u)
})

describe('a template that does not fit is a fault of Rollgate', () => {
  test.each([
    ['with an unknown mark', 'a: b # init: colour\n', 'unknown mark: colour'],
    ['that becomes no YAML', 'a: [\n', 'would be no YAML'],
    ['with a mark that nobody fills in', 'a: OWNER/rollgate\n', 'has a mark left']
  ])('%s', (_, rollout, message) => {
    expect(() => textsFor(ONE, { ...TEMPLATES, rollout })).toThrow(message)
  })
})

test('the monitor wakes at the same odd minutes for one repository, and at others for others', () => {
  const names = Array.from({ length: 200 }, (_, index) => `acme/shop-${index}`)
  const minutes = names.map(name => wakeUpCron(name).split(' ')[0]?.split(',').map(Number) ?? [])
  for (const [first = 0, second = 0] of minutes) {
    expect([first % 2, second - first, first % 5 === 0, first > 5]).toEqual([1, 30, false, true])
  }
  expect(new Set(minutes.map(String)).size).toBe(9 + 1)
  expect(wakeUpCron('Acme/Shop')).toBe(wakeUpCron('acme/shop'))
})
