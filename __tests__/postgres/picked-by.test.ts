import { expect, test } from '@jest/globals'
import { pickedBy } from '../../src/postgres/picked-by.ts'

const SPAN =
  "(o.created_at >= '2026-03-01 10:00:00+00'::timestamp with time zone) AND (o.created_at < '2026-03-01 16:00:00+00'::timestamp with time zone)"

test.each<[string, string, readonly string[]]>([
  ['a span alone', `(${SPAN})`, ['created_at']],
  ['a column and a span', `(${SPAN} AND (o.source = 'x'::text))`, ['source', 'created_at']],
  [
    'a column of another text type',
    `(${SPAN} AND ((o.state)::text = 'a'::text))`,
    ['state', 'created_at']
  ],
  [
    'one of several values',
    `(${SPAN} AND (o.source = ANY ('{a,b}'::text[])))`,
    ['source', 'created_at']
  ],
  [
    'names in quotes',
    `(("Orders"."placedAt" > now()) AND ("Orders"."a ""b" = 1))`,
    ['"a ""b"', '"placedAt"']
  ],
  ['no table before the column', "(source = 'x'::text)", ['source']],
  [
    'text that looks like a comparison',
    `(${SPAN} AND (o.note <> 'a.b = c'' d.e = f'::text))`,
    ['created_at']
  ],
  [
    'a column that is there at all',
    `(${SPAN} AND (o.gone IS NOT NULL) AND (o.kind = 3))`,
    ['kind', 'created_at']
  ],
  ['a column in a case', '(CASE WHEN (o.kind = 3) THEN true ELSE false END)', []],
  ['what no index of columns serves', "((o.context ->> 'environment'::text) = 'live'::text)", []],
  ['what is made of a column', "(lower(o.source) = 'x'::text)", []],
  ['alternatives', `(${SPAN} OR (o.source = 'x'::text))`, []],
  ['a question to another table', '(o.id = (SubPlan 1))', []],
  ['nothing', '', []]
])('an index for %s', (_, filter, columns) => {
  expect(pickedBy(filter)).toEqual(columns)
})
