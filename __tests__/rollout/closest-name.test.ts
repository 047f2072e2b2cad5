import { expect, test } from '@jest/globals'
import { closestName } from '../../src/rollout/closest-name.ts'

const NAMES = ['assignment-pipeline-v3', 'assignment-pipeline-v2', 'checkout']

test.each([
  ['assignment-pipline-v3', 'assignment-pipeline-v3'],
  ['assignment-pipeline-v4', 'assignment-pipeline-v3'],
  ['Checkout', 'checkout'],
  ['chekcout', 'checkout']
])('%s was meant to be %s', (typed, meant) => {
  expect(closestName(typed, NAMES)).toBe(meant)
})

test('what is like no name is none of them', () => {
  expect(closestName('search', NAMES)).toBeUndefined()
  expect(closestName('', NAMES)).toBeUndefined()
  expect(closestName('checkout', [])).toBeUndefined()
})
