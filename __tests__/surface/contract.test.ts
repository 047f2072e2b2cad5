import { constants, readdirSync, readFileSync } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { INPUT_NAMES, OPERATIONS, OUTPUT_NAMES, parseInputs } from '../../src/inputs.ts'
import { definitionJsonSchema } from '../../src/rollout/definition-schema.ts'
import { PROJECT } from '../bundle/program.ts'

interface ActionFile {
  readonly inputs: Readonly<
    Record<
      string,
      { readonly required?: boolean; readonly default?: string; readonly description: string }
    >
  >
  readonly outputs: Readonly<Record<string, { readonly description: string }>>
  readonly runs: { readonly using: string; readonly main: string }
}

const read = (file: string): string => readFileSync(path.join(PROJECT, file), 'utf8')
const action: ActionFile = parse(read('action.yml'))

/** Every input as the runner hands it over when only these are given. */
function rawInputs(given: Readonly<Record<string, string>>) {
  const entries = INPUT_NAMES.map(name => [name, given[name] ?? action.inputs[name]?.default ?? ''])
  return Object.fromEntries(entries)
}

test('action.yml declares the inputs that the code reads, and the outputs that it writes', () => {
  expect(Object.keys(action.inputs)).toEqual(INPUT_NAMES)
  expect(Object.keys(action.outputs)).toEqual(OUTPUT_NAMES)
})

test('action.yml names every operation, and only its operation is required', () => {
  const listed = action.inputs['operation']?.description ?? ''
  for (const operation of OPERATIONS) expect(listed).toContain(operation)
  const required = Object.entries(action.inputs).filter(([, { required }]) => required)
  expect(required.map(([name]) => name)).toEqual(['operation'])
})

test('every default in action.yml is accepted, and is what the code takes when nothing is given', () => {
  const inputs = parseInputs(rawInputs({ operation: 'status' }))
  expect(inputs).toMatchObject({
    operation: 'status',
    phase: 'next',
    ledger: { kind: 'branch', branch: 'rollgate-ledger' }
  })
  const without = Object.fromEntries(
    Object.entries(rawInputs({ operation: 'status' })).map(([name, value]) =>
      ['operation', 'definition', 'ledger', 'github-token'].includes(name)
        ? [name, value]
        : [name, '']
    )
  )
  expect(parseInputs(without as Parameters<typeof parseInputs>[0])).toEqual(inputs)
})

test('the action for workflows of this repository is the same but for where its code lies', () => {
  expect(read('action/action.yml')).toBe(
    read('action.yml').replace('main: dist/index.js', 'main: ../dist/index.js')
  )
  expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' })
})

test('only the two composition roots look at the environment', () => {
  const files = readdirSync(path.join(PROJECT, 'src'), { recursive: true, encoding: 'utf8' })
  const looking = files.filter(
    file =>
      file.endsWith('.ts') &&
      /process\.env|\benv\b[^=\n]*= process\b|from 'node:process'/u.test(read(`src/${file}`))
  )
  expect(looking.sort()).toEqual(['cli.ts', 'main.ts'])
})

test('package.json offers the command, as a file that can be started', async () => {
  const { bin }: { readonly bin: { readonly rollgate: string } } = JSON.parse(read('package.json'))
  expect(Object.keys(bin)).toEqual(['rollgate'])
  await access(path.join(PROJECT, bin.rollgate), constants.X_OK)
  expect(await readFile(path.join(PROJECT, bin.rollgate), 'utf8')).toMatch(
    /^#!\/usr\/bin\/env node\n/u
  )
})

test('editors are given the schema that the parser has', () => {
  expect(JSON.parse(read('schema/rollout.schema.json'))).toEqual(definitionJsonSchema())
})

test('a SQL file with one metric is named after it', () => {
  for (const file of readdirSync(path.join(PROJECT, 'sql/metrics'))) {
    const names = [...read(`sql/metrics/${file}`).matchAll(/^--! metric: (.+)$/gmu)]
    expect(names.length).toBeGreaterThan(0)
    if (names.length === 1) expect(`${names[0]?.[1]}.sql`).toBe(file)
  }
})
