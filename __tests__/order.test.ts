import { expect, test } from '@jest/globals'
import { INPUT_NAMES, type InputName, type Inputs, parseInputs } from '../src/inputs.ts'
import type { Order } from '../src/operations/perform.ts'
import { type Errand, toOrder } from '../src/order.ts'

type Given = Partial<Record<InputName, string>>

function inputs(given: Given): Inputs {
  const empty = Object.fromEntries(INPUT_NAMES.map(name => [name, ''])) as Record<InputName, string>
  return parseInputs({ ...empty, definition: 'd.yml', ledger: 'file:l', ...given })
}

test.each<[Given, Order | Errand]>([
  [{ operation: 'preflight' }, { operation: 'preflight' }],
  [{ operation: 'status', reason: 'none of its business' }, { operation: 'status' }],
  [
    { operation: 'preflight', keys: 'staging' },
    { operation: 'preflight', keys: 'staging' }
  ],
  [{ operation: 'due' }, { operation: 'due' }],
  [{ operation: 'wake' }, { operation: 'wake' }],
  [{ operation: 'next' }, { operation: 'next', phase: 'next' }],
  [
    { operation: 'plan', confirm: 'shop', freeze: 'holidays' },
    { operation: 'plan', phase: 'next', confirm: 'shop', frozen: 'holidays' }
  ],
  [
    { operation: 'apply', phase: 'production-full', freeze: 'holidays', digest: 'd1' },
    {
      operation: 'apply',
      phase: 'production-full',
      digest: 'd1',
      wokenBy: 'dispatch',
      frozen: 'holidays'
    }
  ],
  [
    { operation: 'graduate', 'woken-by': 'cron', confirm: 'shop' },
    { operation: 'graduate', wokenBy: 'cron', confirm: 'shop' }
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
    { operation: 'resume', reason: 'fixed', accept: [] }
  ],
  [
    { operation: 'resume', reason: 'a quiet weekend', accept: 'thin' },
    { operation: 'resume', reason: 'a quiet weekend', accept: ['thin'] }
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
    {
      operation: 'verify',
      phase: 'staging-full',
      since: { kind: 'instant', at: '2026-01-31T08:00:00.000Z' }
    }
  ],
  [
    { operation: 'backtest', since: '30d' },
    { operation: 'backtest', since: { kind: 'ago', ms: 30 * 86_400_000 } }
  ],
  [
    { operation: 'backtest', phase: 'staging-full', since: '30d', until: '7d' },
    {
      operation: 'backtest',
      phase: 'staging-full',
      since: { kind: 'ago', ms: 30 * 86_400_000 },
      until: { kind: 'ago', ms: 7 * 86_400_000 }
    }
  ]
])('the inputs %j are the order %j', (given, order) => {
  expect(toOrder(inputs(given))).toEqual(order)
})
