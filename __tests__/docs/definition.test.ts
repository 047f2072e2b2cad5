import { expect, test } from '@jest/globals'
import { definitionProblems, parseDefinition } from '../../src/rollout/definition-file.ts'
import { formatProblem } from '../../src/rollout/yaml-source.ts'
import { bundledMetrics } from '../postgres/embedded.ts'
import { SMALL, SMALL_METRICS, smallWith } from '../rollout/small-definition.ts'
import { blocksIn, readPage } from './page.ts'

const FRAGMENTS = blocksIn(readPage('definition.md'), 'yaml').filter(text => !text.startsWith('#'))

test.each(FRAGMENTS)('a definition may say what the page says: %s', async fragment => {
  const { headers } = await bundledMetrics()
  const kinds = Object.fromEntries(headers.map(({ name, kind }) => [name, kind]))
  const metrics = { ...SMALL_METRICS, ...kinds }
  const problems = definitionProblems({
    file: 'small.yml',
    text: definitionWith(fragment),
    digest: 'd',
    metrics
  })
  expect(problems.map(formatProblem)).toEqual([])
})

test('the defaults of the page are those that a definition gets', () => {
  const page = readPage('definition.md')
  const text = smallWith(
    '    rate: {',
    '    speed: { metric: latency, pass: "<= 1", red: "> 2", sustained: {} }\n    rate: {'
  )
  const small = parseDefinition({ file: 'small.yml', text, digest: 'd', metrics: SMALL_METRICS })
  const [speed, rate, quiet, errors] = small.criteria['full'] ?? []
  expect(speed).toMatchObject({ minSamples: 20, sustained: { bucketMs: 3_600_000 } })
  expect(rate).toMatchObject({ strictMinN: 50 })
  expect(quiet).toMatchObject({ control: { slotMs: 3_600_000 } })
  expect(errors).toMatchObject({ bucketMs: 300_000, run: 3, of: [4, 12], healMs: 21_600_000 })
  expect(small.database).toMatchObject({
    requireReadOnly: false,
    maxPlannedCost: 10_000_000,
    graceMs: 30_000
  })
  for (const row of [
    '| `min_samples` | | `20` |',
    '| `strict_min_n` | | `50` |',
    '| `control_slot` | | `1h` |',
    '| `sustained.bucket` | | `5m` |',
    '| `sustained.run` | | `3` |',
    '| `sustained.of` | | `[4, 12]` |',
    '| `heal` | | `6h` |',
    '| `require_read_only` | | `false` |',
    '| `max_planned_cost` | | `10000000` |',
    '| `grace` | | `30s` |'
  ]) {
    expect(page.split(row)).toHaveLength(2)
  }
})

const TARGETS = `targets:
  preview: { keys: staging }
  production: { keys: production }
`

/** The small definition with the fragment where it belongs. */
function definitionWith(fragment: string): string {
  if (fragment.startsWith('freeze:')) return `${SMALL}${fragment}`
  if (fragment.startsWith('gate:')) {
    return smallWith('    soak: 48h\n', `${indented(fragment)}    soak: 48h\n`)
  }
  if (fragment.startsWith('effect:')) {
    return smallWith('    soak: 48h\n', `${indented(fragment)}    soak: 48h\n`)
  }
  if (fragment.startsWith('targets:')) return smallWith(TARGETS, `${fragment}\n`)
  return smallWith('  full:\n', `  page:\n${indented(fragment)}  full:\n`)
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gmu, '    ')
}
