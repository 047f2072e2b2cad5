import { expect, test } from '@jest/globals'
import { rolloutFolder, rolloutId } from '../../src/rollout/rollout-id.ts'

test('a rollout has one name for people and one folder in the ledger', () => {
  expect(rolloutId('assignment-pipeline-v3', 2)).toBe('assignment-pipeline-v3#2')
  expect(rolloutFolder('assignment-pipeline-v3', 2)).toBe('assignment-pipeline-v3/2')
})
