import { expect, test } from '@jest/globals'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { typedConfirmation } from '../../src/rollout/typed-confirmation.ts'

const REQUEST = {
  rollout: 'assignment-pipeline-v3#2',
  phase: 'production-full',
  environment: 'approve-production-full',
  digest: 'p1',
  initiator: 'priya'
}

test('who types the name of the rollout has meant it, and the ledger says how weak that is', async () => {
  expect(await typedConfirmation('assignment-pipeline-v3', 'priya').prove(REQUEST)).toEqual({
    by: 'priya',
    comment: 'confirmed by typing assignment-pipeline-v3',
    how: 'typed confirmation, by the person who started it: weaker than a review'
  })
})

test.each([
  undefined,
  '',
  'yes',
  'assignment-pipeline-v3#2',
  'assignment-pipeline-v3 ',
  'Assignment-Pipeline-V3',
  'production-full'
])('%j confirms nothing', async confirm => {
  const proof = typedConfirmation(confirm, 'priya').prove(REQUEST)
  await expect(proof).rejects.toBeInstanceOf(InputError)
  await expect(proof).rejects.toMatchObject({
    code: 'not_confirmed',
    message: 'production-full has a gate, and nobody has confirmed it.',
    remedy: 'Read the briefing (plan), then apply with the confirmation assignment-pipeline-v3.'
  })
})
