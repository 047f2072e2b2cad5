import { expect, test } from '@jest/globals'
import { annotate } from '../../src/report/annotation.ts'

const next = { what: 'A person resumes it.', when: null, who: null }

test.each(['not-started', 'running', 'promoted', 'graduated'])(
  'a rollout that is %s calls for nobody',
  status => {
    expect(annotate('status', { rollout: 'small#1', status, reason: null, next })).toEqual([])
  }
)

test.each([
  ['held', 'warning'],
  ['aborted', 'warning'],
  ['rolling-back', 'error'],
  ['rolled-back', 'error'],
  ['rollback-failed', 'error']
])('a rollout that is %s is a %s with its reason and what is next', (status, level) => {
  const reason = 'a flag drifted'
  expect(annotate('check', { rollout: 'small#1', status, reason, next })).toEqual([
    { level, title: `small#1 is ${status}`, message: 'a flag drifted\nA person resumes it.' }
  ])
})

test('a prerequisite that is not met comes with its remedy, one that is met does not come', () => {
  const items = [
    { name: 'project', outcome: 'ok', message: 'fits' },
    { name: 'index', outcome: 'warn', message: 'none', remedy: 'Create it.' },
    { name: 'role', outcome: 'fail', message: 'may write', remedy: 'Use another.' }
  ]
  expect(annotate('preflight', { items })).toEqual([
    { level: 'warning', title: 'preflight: index', message: 'none\nCreate it.' },
    { level: 'error', title: 'preflight: role', message: 'may write\nUse another.' }
  ])
})

test('of judgements without a rollout the ones that do not pass are told', () => {
  const judgements = ['pass', 'warn', 'insufficient', 'red', 'error'].map(verdict => ({
    criterion: 'rate',
    verdict,
    message: 'm'
  }))
  expect(annotate('verify', { judgements }).map(({ level, title }) => [level, title])).toEqual([
    ['warning', 'verify: rate is warn'],
    ['warning', 'verify: rate is insufficient'],
    ['error', 'verify: rate is red'],
    ['error', 'verify: rate is error']
  ])
})

test('what stands in the way of a flag is a warning', () => {
  const obstacles = [{ message: 'a branch override', remedy: 'Remove it.' }]
  expect(annotate('flags', { obstacles })).toEqual([
    { level: 'warning', title: 'flags: in the way', message: 'a branch override\nRemove it.' }
  ])
})
