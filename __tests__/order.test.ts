import { expect, test } from '@jest/globals'
import { INPUT_NAMES, type InputName, type Inputs, parseInputs } from '../src/inputs.ts'
import type { Order } from '../src/operations/perform.ts'
import { toOrder } from '../src/order.ts'

type Given = Partial<Record<InputName, string>>

function inputs(given: Given): Inputs {
  const empty = Object.fromEntries(INPUT_NAMES.map(name => [name, ''])) as Record<InputName, string>
  return parseInputs({ ...empty, definition: 'd.yml', ledger: 'file:l', ...given })
}

test.each<[Given, Order]>([
  [{ operation: 'preflight' }, { operation: 'preflight' }],
  [{ operation: 'status', reason: 'none of its business' }, { operation: 'status' }],
  [{ operation: 'plan' }, { operation: 'plan', phase: 'next' }],
  [
    { operation: 'apply', phase: 'production-full', freeze: 'holidays' },
    { operation: 'apply', phase: 'production-full', wokenBy: 'dispatch', frozen: 'holidays' }
  ],
  [
    { operation: 'check', 'woken-by': 'cron' },
    { operation: 'check', wokenBy: 'cron', frozen: undefined }
  ],
  [
    { operation: 'rollback', reason: 'calls' },
    { operation: 'rollback', reason: 'calls' }
  ],
  [
    { operation: 'hold', reason: 'holidays' },
    { operation: 'hold', reason: 'holidays' }
  ],
  [
    { operation: 'resume', reason: 'fixed' },
    { operation: 'resume', reason: 'fixed' }
  ],
  [
    { operation: 'flags', target: 'preview', flags: 'A=true\nB' },
    { operation: 'flags', target: 'preview', flags: { A: 'true', B: undefined } }
  ],
  [
    { operation: 'flags', target: 'preview' },
    { operation: 'flags', target: 'preview', flags: {} }
  ],
  [
    { operation: 'deploy', target: 'production' },
    { operation: 'deploy', target: 'production' }
  ],
  [
    { operation: 'verify', phase: 'staging-full', since: '2026-01-31T08:00:00Z' },
    { operation: 'verify', phase: 'staging-full', since: '2026-01-31T08:00:00.000Z' }
  ]
])('the inputs %j are the order %j', (given, order) => {
  expect(toOrder(inputs(given))).toEqual(order)
})
