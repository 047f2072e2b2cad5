import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderFailure } from '../../src/report/failure.ts'
import { hostile } from './hostile.ts'

test('a failure says what happened and what to do', () => {
  expect(
    renderFailure({
      operation: 'check',
      code: 'ledger_corrupt',
      message: 'events.jsonl:7: not JSON.',
      remedy: 'Revert the commit that changed the file by hand.'
    })
  ).toBe(`## The operation check failed

**What happened:** events.jsonl:7: not JSON.

**What to do:** Revert the commit that changed the file by hand.

Code: \`ledger_corrupt\`
`)
})

test('several problems stand one below the other', () => {
  const page = renderFailure({
    operation: 'plan',
    code: 'definition_invalid',
    message: 'a.yml has 2 mistakes:\n  3:1 owner is missing\n\n  9:5 # is no name',
    remedy: 'Correct the file.'
  })
  expect(page).toContain('has 2 mistakes:\n\n- 3:1 owner is missing\n- 9:5 # is no name\n')
})

test('nothing that the outside world said gets out of its place', () => {
  fc.assert(
    fc.property(hostile, text => {
      const page = renderFailure({ operation: text, code: text, message: text, remedy: text })
      expect(page).not.toMatch(/^\||^::|```|<(?!\/?code>|[ =\d])|\u202e/mu)
      expect(page.match(/^## /gmu)).toHaveLength(1)
    })
  )
})
