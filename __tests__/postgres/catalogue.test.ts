import { createHash } from 'node:crypto'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { loadCatalogue, loadEvidenceFiles } from '../../src/postgres/catalogue.ts'
import { bundledEvidence, bundledMetrics, withFiles } from './embedded.ts'

const metric = (name: string, kind = 'count') =>
  `--! metric: ${name}\n--! kind: ${kind}\n--! asks: How many?\n--! unit: thing\n`
const load = (files: Readonly<Record<string, string>>) =>
  withFiles(files, folder => loadCatalogue([folder]))

test('a file answers the metrics of its header', async () => {
  const text = `${metric('a-b')}\n-- Why.\n${metric('c2', 'proportion')}select 1;\n`
  const { headers, files } = await load({ 'x.sql': text })
  expect(headers).toEqual([
    { name: 'a-b', kind: 'count', asks: 'How many?', unit: 'thing', file: 'sql/x.sql' },
    { name: 'c2', kind: 'proportion', asks: 'How many?', unit: 'thing', file: 'sql/x.sql' }
  ])
  expect(files.map(file => file.digest)).toEqual([createHash('sha256').update(text).digest('hex')])
})

test('only files that end in .sql are read, in the order of their names', async () => {
  const files = { 'b.sql': `${metric('b')}select 1`, 'a.sql': `${metric('a')}select 1`, 'a.md': '' }
  expect((await load(files)).headers.map(header => header.name)).toEqual(['a', 'b'])
})

describe('a header is refused', () => {
  test.each([
    ['when it is missing', 'select 1', 'sql/x.sql:1: the header has no `--! metric: …` line'],
    [
      'with an unknown key',
      `${metric('a')}--! owner: me\nselect 1`,
      'sql/x.sql:5: unknown key `owner`'
    ],
    [
      'with a key twice',
      `${metric('a')}--! kind: count\nselect 1`,
      'sql/x.sql:5: `kind` is given twice'
    ],
    [
      'without a key',
      '--! metric: a\n--! kind: count\n--! asks: q\nselect 1',
      'sql/x.sql:1: `--! unit: …` is missing for a'
    ],
    [
      'with a key before the metric',
      `--! kind: count\n${metric('a')}select 1`,
      'sql/x.sql:1: `kind` stands before `--! metric`'
    ],
    [
      'with an unknown kind',
      `${metric('a', 'ratio')}select 1`,
      'sql/x.sql:1: the kind of a is `ratio`, not one of proportion, count, value'
    ],
    ['with a bad name', `${metric('A b')}select 1`, 'sql/x.sql:1: `A b` is no metric name'],
    [
      'with an empty value',
      `--! asks:\n${metric('a')}select 1`,
      'sql/x.sql:1: not `--! key: value`'
    ],
    [
      'inside the statement',
      `${metric('a')}select 1\n--! kind: value`,
      'sql/x.sql:6: a header line stands inside the statement'
    ]
  ])('%s', async (_, text, problem) => {
    await expect(load({ 'x.sql': text })).rejects.toThrow(problem)
  })

  test('with every mistake of every file in one go', async () => {
    const files = { 'a.sql': '--! metric: a\nselect 1', 'b.sql': '--! who: b\nselect 1' }
    await expect(load(files)).rejects.toMatchObject({
      code: 'sql_header_invalid',
      message: [
        'sql/a.sql:1: `--! kind: …` is missing for a',
        'sql/a.sql:1: `--! asks: …` is missing for a',
        'sql/a.sql:1: `--! unit: …` is missing for a',
        'sql/b.sql:1: unknown key `who`',
        'sql/b.sql:1: the header has no `--! metric: …` line'
      ].join('\n')
    })
  })
})

test('a metric has one file, across folders too', async () => {
  const text = `${metric('a')}select 1`
  const twice = withFiles({ 'x.sql': text, 'y.sql': text }, one =>
    withFiles({ 'z.sql': text }, other => loadCatalogue([one, { ...other, shownAs: 'own' }]))
  )
  await expect(twice).rejects.toThrow(
    'sql/y.sql: a is already in sql/x.sql\nown/z.sql: a is already in sql/x.sql'
  )
})

describe('metrics of several places', () => {
  const x = `${metric('a')}select 1`
  const other = `${metric('b')}select 1`
  const from = (...places: readonly (readonly [string, string])[]) =>
    withFiles({ 'x.sql': x, 'other.sql': other, 'notes.md': 'x' }, ({ path: folder }) =>
      loadCatalogue(places.map(([at, shownAs]) => ({ path: path.join(folder, at), shownAs })))
    )

  test('are folders and single files, whatever these are called', async () => {
    const { headers } = await from(['x.sql', 'checkout/probes/x.sql'])
    expect(headers).toMatchObject([{ name: 'a', file: 'checkout/probes/x.sql' }])
    expect((await from(['', './probes/'])).headers).toMatchObject([
      { name: 'b', file: 'probes/other.sql' },
      { name: 'a', file: 'probes/x.sql' }
    ])
  })

  test('are not the same file twice, nor two of the same name', async () => {
    const twice = from(['', 'sql/metrics'], ['x.sql', './sql/metrics/x.sql'])
    await expect(twice).rejects.toMatchObject({
      code: 'sql_file_repeated',
      message: 'sql/metrics/x.sql is given twice, or two files go by that name.'
    })
  })
})

test('a folder that is not there is named as people know it', async () => {
  const missing = loadCatalogue([{ path: '/nowhere/at/all', shownAs: 'rollouts/sql' }])
  await expect(missing).rejects.toThrow('rollouts/sql cannot be read (ENOENT)')
})

test('an evidence query needs its name and its question', async () => {
  const load = (text: string) =>
    withFiles({ '01-x.sql': text }, folder => loadEvidenceFiles([folder]))
  expect(await load('--! evidence: x\n--! asks: q\nselect 1')).toMatchObject([
    { name: 'x', asks: 'q', stem: '01-x' }
  ])
  await expect(load('--! evidence: x\nselect 1')).rejects.toThrow('`--! asks: …` is missing for x')
  await expect(
    load('--! evidence: x\n--! asks: q\n--! evidence: y\n--! asks: q\nselect 1')
  ).rejects.toThrow('more than one')
})

test('the bundled files are the metrics of the worked example and the ten queries of the runbook', async () => {
  expect((await bundledMetrics()).headers.map(header => `${header.name} ${header.kind}`)).toEqual([
    'outcomes proportion',
    'manual-review proportion',
    'errors count',
    'circuit-open count',
    'coordinator-events count',
    'coordinator-starts count',
    'duration-p95 value',
    'transitions transitions',
    'runbook-figure proportion',
    'legacy count',
    'telemetry count',
    'exposure proportion'
  ])
  expect((await bundledEvidence()).map(file => file.stem)).toEqual([
    '01-success-rate',
    '02-manual-review-rate',
    '03-retries-by-reason',
    '04-lock-contention',
    '05-errors',
    '06-circuit-open',
    '07-transitions',
    '08-duration',
    '09-hourly-trend',
    '10-legacy-and-coordinator'
  ])
})
