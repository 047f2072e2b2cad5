import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import {
  buildClientSchema,
  type DocumentNode,
  executeSync,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  isScalarType,
  Kind,
  parse,
  type SelectionSetNode,
  validate
} from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import type { ResponseContract, RestExchange } from '../../src/rehearsal/github/contract.ts'

/** What GitHub has published: its OpenAPI description and its GraphQL schema. Read when first needed. */
export const GITHUB_CONTRACT: ResponseContract = {
  rest: exchange => checkRest(exchange),
  graphql: (document, variables, answer) => checkGraphql(document, variables, answer)
}

type Json = Readonly<Record<string, unknown>>

const octokit = (file: string): unknown =>
  JSON.parse(readFileSync(path.join(process.cwd(), 'node_modules/@octokit', file), 'utf8'))

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const rest = once(() => {
  const description = octokit('openapi/generated/api.github.com.json') as Json
  allowNulls(description)
  const ajv = new Ajv({ strict: false, allErrors: false })
  addFormats.default(ajv)
  // GitHub's own defaults for links are empty texts.
  const uri = addFormats.default.get('uri') as (text: string) => boolean
  ajv.addFormat('uri', text => text === '' || uri(text))
  ajv.addFormat('repo.nwo', /^[^/]+\/[^/]+$/u)
  ajv.addSchema(description as AnySchema, 'gh')
  const compiled = new Map<string, ValidateFunction>()
  const check = (pointer: string, value: unknown): readonly string[] => {
    const validator = compiled.get(pointer) ?? ajv.compile({ $ref: `gh#${pointer}` })
    compiled.set(pointer, validator)
    if (validator(value)) return []
    const { errors } = validator
    return [`${ajv.errorsText(errors?.slice(0, 3))} (${pointer.split('/').at(-1)})`]
  }
  return { description, check }
})

/** `nullable` without a type, which GitHub writes and ajv refuses, becomes a choice. */
function allowNulls(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const below of Object.values(schema)) allowNulls(below)
  if (!('nullable' in schema) || schema.nullable !== true || 'type' in schema) return
  const { nullable: _, ...rest } = schema
  for (const key of Object.keys(schema)) delete (schema as Record<string, unknown>)[key]
  Object.assign(schema, { anyOf: [rest, { type: 'null' }] })
}

const pointerKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}

/** The value at a pointer, with the pointer that leads there once references are followed. */
function follow(
  pointer: string
): { readonly pointer: string; readonly value: unknown } | undefined {
  let value: unknown = rest().description
  for (const key of pointer.split('/').slice(1))
    value = object(value)[key.replaceAll('~1', '/').replaceAll('~0', '~')]
  if (value === undefined) return undefined
  const { $ref } = object(value)
  return typeof $ref === 'string' ? follow($ref.slice(1)) : { pointer, value }
}

function checkRest(exchange: RestExchange): readonly string[] {
  const base = `/paths/${pointerKey(exchange.path)}`
  const operation = `${base}/${exchange.method.toLowerCase()}`
  if (!follow(operation)) return ['GitHub describes no such operation']
  return [
    ...checkQuery(exchange, [`${base}/parameters`, `${operation}/parameters`]),
    ...checkRequest(exchange, `${operation}/requestBody`),
    ...checkAnswer(exchange, `${operation}/responses/${exchange.status}`)
  ]
}

function checkQuery({ query }: RestExchange, pointers: readonly string[]): readonly string[] {
  const known = pointers.flatMap(pointer => {
    const list = follow(pointer)?.value
    const count = Array.isArray(list) ? list.length : 0
    return Array.from({ length: count }, (_, at) => object(follow(`${pointer}/${at}`)?.value))
  })
  const names = known.filter(({ in: place }) => place === 'query').map(({ name }) => name)
  return Object.keys(query)
    .filter(key => !names.includes(key))
    .map(key => `GitHub describes no query key ${key}`)
}

const JSON_SCHEMA = '/content/application~1json/schema'

function checkRequest({ requestBody }: RestExchange, pointer: string): readonly string[] {
  const described = follow(pointer)
  if (!described)
    return requestBody === undefined ? [] : ['the request has a body, GitHub wants none']
  const required = object(described.value)['required'] === true
  if (requestBody === undefined) return required ? ['the request has no body'] : []
  return rest()
    .check(`${described.pointer}${JSON_SCHEMA}`, requestBody)
    .map(line => `request: ${line}`)
}

function checkAnswer({ status, body }: RestExchange, pointer: string): readonly string[] {
  const described = follow(pointer)
  const schema = described && `${described.pointer}${JSON_SCHEMA}`
  if (schema && follow(schema)) return rest().check(schema, body)
  if (status >= 400) return rest().check('/components/schemas/basic-error', body)
  if (!described) return [`GitHub describes no answer ${status}`]
  return body === undefined ? [] : ['the answer has a body, GitHub sends none']
}

const SCALARS: Readonly<Record<string, RegExp>> = {
  GitObjectID: /^[0-9a-f]{40}$/u,
  Base64String: /^[A-Za-z0-9+/\n]*={0,2}\n?$/u,
  DateTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/u,
  URI: /^https?:\/\//u
}

const graphql = once(() => {
  const schema = buildClientSchema(
    octokit('graphql-schema/schema.json') as Parameters<typeof buildClientSchema>[0]
  )
  for (const [name, pattern] of Object.entries(SCALARS)) {
    const type = schema.getType(name)
    if (!isScalarType(type)) throw new Error(`GitHub's schema has no scalar ${name}.`)
    // A schema built from its description lets anything pass as one of these.
    const strict = (value: unknown): unknown => {
      if (typeof value === 'string' && pattern.test(value)) return value
      throw new Error(`${JSON.stringify(value)} is no ${name}`)
    }
    type.parseValue = strict
    type.serialize = strict
  }
  return schema
})

function checkGraphql(
  text: string,
  variables: Readonly<Record<string, unknown>>,
  answer: unknown
): readonly string[] {
  const schema = graphql()
  const document = parse(text)
  const invalid = validate(schema, document).map(({ message }) => message)
  if (invalid.length > 0) return invalid
  const wrong = wrongVariables(schema, document, variables)
  if (wrong.length > 0) return wrong
  const { data, errors } = object(answer)
  return [
    ...(errors === undefined ? [] : checkErrors(errors)),
    ...(data === undefined ? [] : checkData(schema, document, variables, data))
  ]
}

function wrongVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>
): readonly string[] {
  return document.definitions.flatMap(definition => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return []
    const { errors } = getVariableValues(schema, definition.variableDefinitions ?? [], variables)
    return (errors ?? []).map(({ message }) => message)
  })
}

function checkErrors(errors: unknown): readonly string[] {
  if (!Array.isArray(errors) || errors.length === 0) return ['errors is no list with an entry']
  return errors.flatMap(error =>
    typeof object(error)['message'] === 'string' ? [] : ['an error has no message']
  )
}

/** Executes the document on the data that was answered: the schema must make the same of it again. */
function checkData(
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: Readonly<Record<string, unknown>>,
  data: unknown
): readonly string[] {
  const fieldResolver: GraphQLFieldResolver<unknown, unknown> = (source, _, __, { path: at }) =>
    object(source)[at.key]
  const typeResolver: GraphQLTypeResolver<unknown, unknown> = (value, _, info, type) => {
    const named = object(value)['__typename']
    if (typeof named === 'string') return named
    const selections = info.fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    const possible = schema.getPossibleTypes(type).map(({ name }) => name)
    return (
      selections.flatMap(set => fittingTypes(set, value)).find(name => possible.includes(name)) ??
      possible[0]
    )
  }
  const executed = executeSync({
    schema,
    document,
    variableValues,
    rootValue: data,
    fieldResolver,
    typeResolver
  })
  const found = (executed.errors ?? []).map(({ message }) => message)
  if (found.length > 0) return found
  const same = isDeepStrictEqual(plain(executed.data), plain(data))
  return same ? [] : ['the data holds something that was not asked for, or lacks something']
}

/** Types of fragments whose fields the value has. */
function fittingTypes({ selections }: SelectionSetNode, value: unknown): readonly string[] {
  return selections.flatMap(selection => {
    if (selection.kind !== Kind.INLINE_FRAGMENT || !selection.typeCondition) return []
    const keys = selection.selectionSet.selections.flatMap(inner =>
      inner.kind === Kind.FIELD ? [inner.alias?.value ?? inner.name.value] : []
    )
    return keys.every(key => key in object(value)) ? [selection.typeCondition.name.value] : []
  })
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
