import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const ERROR = /new (?:Rollgate|Input|Evidence|Provider|Conflict)Error\(\s*'([a-z_]+)'/gu

function sources(): readonly string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(join('src', name), 'utf8'))
}

/** How src/postgres names what unanswers a metric, fails a query of the evidence, or breaks a line. */
const ANSWER =
  /(?:\bcode: |\brefused\(|\bnew \w+\(|\bparseBound\(|'[0-9A-Z]{5}': \[|\?\? \[)\s*'([a-z]+(?:_[a-z]+)*)'/gu

/** The first cell of every row that starts with a code. */
function documented(): ReadonlySet<string> {
  const page = readFileSync('docs/troubleshooting.md', 'utf8')
  return new Set([...page.matchAll(/^\| `([^`]+)` \|/gmu)].map(([, code = '']) => code))
}

test('every error that is thrown by its code stands in the troubleshooting page', () => {
  const thrown = sources().flatMap(text => [...text.matchAll(ERROR)].map(([, code = '']) => code))
  expect(new Set(thrown).size).toBeGreaterThan(30)
  expect([...new Set(thrown)].filter(code => !documented().has(code))).toEqual([])
})

test('every code that an answer of the database comes with stands there too', () => {
  const folder = join('src', 'postgres')
  const texts = readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'))
  const codes = texts.flatMap(text => [...text.matchAll(ANSWER)].map(([, code = '']) => code))
  expect(new Set(codes).size).toBeGreaterThan(28)
  expect([...new Set(codes)].filter(code => !documented().has(code))).toEqual([])
})
