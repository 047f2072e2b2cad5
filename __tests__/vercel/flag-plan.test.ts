import { expect, test } from '@jest/globals'
import type { EnvRecord, Place } from '../../src/vercel/env-records.ts'
import { type HeldFlag, planFlags } from '../../src/vercel/flag-plan.ts'

const preview: Place = { kind: 'standard', target: 'preview' }
const staging: Place = { kind: 'custom', id: 'env_staging' }
const comment = 'assignment-pipeline-v3#1'

function held(value: string, places: Partial<EnvRecord>): { readonly F: HeldFlag } {
  const nowhere = { targets: [], customEnvironmentIds: [] }
  const record = { id: 'env_1', key: 'F', type: 'encrypted', foreign: false, ...nowhere, ...places }
  return { F: { record, value } }
}

const alone = held('false', { targets: ['preview'] })
const shared = held('false', { targets: ['production', 'preview'] })
const withCustom = held('false', { targets: ['preview'], customEnvironmentIds: ['env_staging'] })
const created = { key: 'F', value: 'true', type: 'encrypted', comment }

test.each([
  ['absent and unwanted: nothing', preview, {}, null, []],
  ['already right: nothing', preview, alone, 'false', []],
  ['shared and already right: nothing', preview, shared, 'false', []],
  [
    'absent and wanted: created',
    preview,
    {},
    'true',
    [{ kind: 'create', method: 'POST', body: { ...created, target: ['preview'] } }]
  ],
  [
    'absent and wanted on a custom environment: created there',
    staging,
    {},
    'true',
    [
      {
        kind: 'create',
        method: 'POST',
        body: { ...created, customEnvironmentIds: ['env_staging'] }
      }
    ]
  ],
  [
    'alone and different: changed in place',
    preview,
    alone,
    'true',
    [
      {
        kind: 'edit',
        method: 'PATCH',
        id: 'env_1',
        body: { value: 'true', type: 'encrypted', comment }
      }
    ]
  ],
  [
    'alone and unwanted: deleted',
    preview,
    alone,
    null,
    [{ kind: 'delete', method: 'DELETE', id: 'env_1' }]
  ],
  [
    'shared and different: let go first, then created',
    preview,
    shared,
    'true',
    [
      { kind: 'split', method: 'PATCH', id: 'env_1', body: { target: ['production'] } },
      { kind: 'create', method: 'POST', body: { ...created, target: ['preview'] } }
    ]
  ],
  [
    'shared and unwanted: let go',
    preview,
    shared,
    null,
    [{ kind: 'split', method: 'PATCH', id: 'env_1', body: { target: ['production'] } }]
  ],
  [
    'shared with a custom environment: that one stays',
    preview,
    withCustom,
    null,
    [
      {
        kind: 'split',
        method: 'PATCH',
        id: 'env_1',
        body: { target: [], customEnvironmentIds: ['env_staging'] }
      }
    ]
  ],
  [
    'a custom environment lets go of a shared record',
    staging,
    withCustom,
    null,
    [
      {
        kind: 'split',
        method: 'PATCH',
        id: 'env_1',
        body: { target: ['preview'], customEnvironmentIds: [] }
      }
    ]
  ]
] as const)('%s', (_, place, holding, wanted, steps) => {
  const plan = planFlags({ place, held: holding, wanted: { F: wanted }, comment })
  expect(plan).toEqual(steps.map(step => ({ flag: 'F', ...step })))
})

test('a value that could not be read is never taken for the wanted one', () => {
  const { record } = alone.F
  const plan = { place: preview, held: { F: { record, value: undefined } }, comment }
  expect(planFlags({ ...plan, wanted: { F: 'true' } })).toHaveLength(1)
})
