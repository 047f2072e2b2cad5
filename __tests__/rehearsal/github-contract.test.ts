import { describe, expect, test } from '@jest/globals'
import type { RestExchange } from '../../src/rehearsal/github/contract.ts'
import { GITHUB_CONTRACT } from './github-contract.ts'

const SHA = 'a'.repeat(40)
const REF: RestExchange = {
  method: 'POST',
  path: '/repos/{owner}/{repo}/git/refs',
  query: {},
  requestBody: { ref: 'refs/heads/x', sha: SHA },
  status: 201,
  body: {
    ref: 'refs/heads/x',
    node_id: 'REF_1',
    url: 'https://api.github.com/x',
    object: { type: 'commit', sha: SHA, url: 'https://api.github.com/y' }
  }
}

describe('REST', () => {
  test('an exchange as GitHub describes it has nothing wrong', () => {
    expect(GITHUB_CONTRACT.rest(REF)).toEqual([])
  })

  test.each([
    [
      'an operation that is not described',
      { path: '/repos/{owner}/{repo}/refs' },
      'no such operation'
    ],
    ['a query key that is not described', { query: { force: '1' } }, 'no query key force'],
    ['a request without a body', { requestBody: undefined }, 'the request has no body'],
    ['a request body that lacks a member', { requestBody: { ref: 'x' } }, "property 'sha'"],
    ['a status that is not described', { status: 200 }, 'no answer 200'],
    ['an answer that lacks a member', { body: { ref: 'x' } }, "property 'node_id'"],
    ['an error whose message is no text', { status: 403, body: { message: 1 } }, 'message']
  ])('%s is wrong', (_, change, told) => {
    expect(GITHUB_CONTRACT.rest({ ...REF, ...change })).toEqual([expect.stringContaining(told)])
  })

  test('an answer without content has no body', () => {
    const enable = {
      ...REF,
      method: 'PUT',
      path: '/repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable',
      requestBody: undefined,
      status: 204
    }
    expect(GITHUB_CONTRACT.rest({ ...enable, body: undefined })).toEqual([])
    expect(GITHUB_CONTRACT.rest({ ...enable, body: {} })).toHaveLength(1)
    expect(GITHUB_CONTRACT.rest({ ...enable, requestBody: {}, body: undefined })).toHaveLength(1)
  })
})

describe('GraphQL', () => {
  const READ = `query ($path: String!) { repository(owner: "acme", name: "shop") {
    head: ref(qualifiedName: "main") { target { oid ... on Commit { file(path: $path) { oid } } } } } }`
  const answered = (target: unknown) => ({ data: { repository: { head: { target } } } })
  const check = (
    answer: unknown,
    document = READ,
    variables: Record<string, unknown> = { path: 'a' }
  ) => GITHUB_CONTRACT.graphql(document, variables, answer)

  test('data of the asked-for shape has nothing wrong', () => {
    expect(check(answered({ oid: SHA, file: { oid: SHA } }))).toEqual([])
    expect(check(answered({ oid: SHA, file: null }))).toEqual([])
    expect(check({ data: { repository: null }, errors: [{ message: 'x' }] })).toEqual([])
  })

  test.each([
    ['a value of another type', { oid: 'HEAD', file: null }, 'no GitObjectID'],
    ['a member too many', { oid: SHA, file: null, extra: 1 }, 'holds something'],
    ['a member too few', { file: null }, 'non-nullable'],
    ['null where there is none', { oid: null, file: null }, 'non-nullable']
  ])('%s is wrong', (_, target, told) => {
    expect(check(answered(target))).toEqual([expect.stringContaining(told)])
  })

  test('a field, or a variable, that the schema does not have is wrong', () => {
    expect(check({}, '{ repository(owner: "a", name: "b") { colour } }')).toEqual([
      expect.stringContaining('colour')
    ])
    expect(check({}, READ, {})).toEqual([expect.stringContaining('$path')])
  })

  test('a member that is absent instead of null is wrong', () => {
    expect(check({ data: { repository: {} } })).toEqual([expect.stringContaining('lacks')])
  })

  test('errors are a list of messages', () => {
    expect(check({ errors: [] })).toHaveLength(1)
    expect(check({ errors: [{ type: 'STALE_DATA' }] })).toHaveLength(1)
  })
})
