import { expect, test } from '@jest/globals'
import { definitionJsonSchema, definitionSchema } from '../../src/rollout/definition-schema.ts'

const schema = definitionJsonSchema() as Readonly<Record<string, unknown>>

test('the JSON schema is a draft 2020-12 object that refuses unknown keys', () => {
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false
  })
})

test('the JSON schema has the keys of a definition and demands those without a default', () => {
  expect(Object.keys(schema['properties'] as object)).toEqual(Object.keys(definitionSchema.shape))
  expect(schema['required']).toEqual([
    'name',
    'owner',
    'database',
    'targets',
    'phases',
    'criteria',
    'rollback'
  ])
})

test('the JSON schema survives being written to a file', () => {
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
})
