import { describe, expect, test } from '@jest/globals'
import { requireConfirmation } from '../../src/rollout/confirmation.ts'
import { refusal } from './refusal.ts'

const DEFINITION = { name: 'assignment-pipeline-v3' }

function confirming(
  kind: 'environments' | 'typed',
  confirm: string | undefined,
  touchesProduction: boolean
) {
  return () => requireConfirmation(DEFINITION, { kind, confirm, touchesProduction })
}

test.each([
  ['on GitHub, for production', confirming('environments', 'assignment-pipeline-v3', true)],
  ['on GitHub, for anything else', confirming('environments', undefined, false)],
  ['on GitHub, for anything else, in an empty field', confirming('environments', '', false)],
  ['on the command line', confirming('typed', undefined, true)],
  ['on the command line, with the word', confirming('typed', 'assignment-pipeline-v3', true)]
])('%s it is enough', (_, confirm) => {
  expect(confirm).not.toThrow()
})

describe('it is refused', () => {
  test.each([[undefined], ['']])('on GitHub for production, without the word (%j)', word => {
    expect(refusal(confirming('environments', word, true))).toEqual({
      code: 'not_confirmed',
      message: 'This touches production, and nobody has confirmed it.',
      remedy: 'Start it again with assignment-pipeline-v3 in the field confirm.'
    })
  })

  test.each([
    'yes',
    'assignment-pipeline-v3#2',
    'assignment-pipeline-v3 ',
    'Assignment-Pipeline-V3',
    'production-full'
  ])('with the wrong word %j, wherever it is and whatever for', word => {
    for (const kind of ['environments', 'typed'] as const) {
      for (const production of [true, false]) {
        expect(refusal(confirming(kind, word, production))).toMatchObject({
          code: 'not_confirmed',
          message: `The confirmation ${JSON.stringify(word)} is not assignment-pipeline-v3.`
        })
      }
    }
  })

  test('and of a long text only the beginning is repeated', () => {
    const { message } = refusal(confirming('typed', 'x'.repeat(10_000), false))
    expect(message.length).toBeLessThan(120)
  })
})
