import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { type GithubTestWorld, refusalOf, startGithubWorld } from './world.ts'

let world: GithubTestWorld
beforeEach(async () => {
  world = await startGithubWorld()
})
afterEach(() => world.close())

const read = () => world.again().repository.readFile('README.md')
const fail = (status: number, times: number, headers = {}, body: unknown = { message: 'm' }) =>
  world.simulator.faults.inject({
    path: /./u,
    times,
    effect: { kind: 'answer', status, headers, body }
  })

describe('asking', () => {
  test('carries the token in a header and nowhere else, and names the version of the API', async () => {
    await read()
    for (const { headers, path, query } of world.simulator.requests) {
      expect(headers['authorization']).toMatch(new RegExp(`^(?:token|bearer) ${world.token}$`, 'u'))
      expect(headers['x-github-api-version']).toBe('2026-03-10')
      expect(JSON.stringify([path, query])).not.toContain(world.token)
    }
  })

  test('is repeated after no answer and after a 5xx', async () => {
    world.simulator.faults.inject({ path: /./u, effect: { kind: 'drop' } })
    fail(502, 2)
    expect(await read()).toBe('# Shop\n')
  })

  test('ends after four times, in words that name what was asked', async () => {
    fail(500, 9, {}, { message: 'We could\nnot' })
    expect(await refusalOf(read())).toMatchObject({
      name: 'ProviderError',
      code: 'github_unreachable',
      message: 'GitHub gave no usable answer to GET /repos/acme/shop: HTTP 500, We could not',
      remedy: expect.stringContaining('githubstatus.com')
    })
    expect(world.asked()).toHaveLength(4)
  })

  test('nobody who listens is told', async () => {
    const { repository } = world.again({ apiUrl: 'http://127.0.0.1:9' })
    expect(await refusalOf(repository.readFile('x'))).toMatchObject({
      code: 'github_unreachable',
      message: expect.stringContaining('GET /repos/acme/shop')
    })
  })

  test('somebody who never answers is not waited for', async () => {
    world.simulator.faults.inject({ path: /./u, times: 9, effect: { kind: 'delay', ms: 500 } })
    const { repository } = world.again({ requestLimitMs: 20 })
    expect(await refusalOf(repository.readFile('x'))).toMatchObject({ code: 'github_unreachable' })
  })
})

describe('a refusal', () => {
  test.each([
    [401, 'Bad credentials', 'github_token', 'neither expired nor been revoked'],
    [
      403,
      'Resource not accessible by integration',
      'github_forbidden',
      'permissions: { metadata: read }'
    ],
    [403, 'Resource protected by organization SAML enforcement', 'github_forbidden', 'a policy of'],
    [404, 'Not Found', 'github_not_found', 'the token may see it'],
    [422, 'Validation Failed', 'github_refused', 'correct what it names']
  ])('with %i, %s becomes %s', async (status, message, code, remedy) => {
    fail(status, 1, {}, { message, errors: [{ message: 'because' }] })
    expect(await refusalOf(read())).toMatchObject({
      name: 'ProviderError',
      code,
      message: `GitHub did not accept GET /repos/acme/shop: HTTP ${status}, ${message}, because`,
      remedy: expect.stringContaining(remedy)
    })
    expect(world.asked()).toHaveLength(1)
  })

  test('never repeats the token, whatever GitHub says', async () => {
    fail(422, 1, {}, { message: `bad ${world.token}`, errors: [`worse ${world.token}`] })
    const { message } = (await refusalOf(read())) as Error
    expect(message).toContain('bad …, worse …')
    expect(`${message}${world.lines.join('')}`).not.toContain(world.token)
  })

  test('that is a success nobody can read is told as that', async () => {
    world.simulator.faults.inject({ path: /./u, effect: { kind: 'garble' } })
    expect(await refusalOf(read())).toMatchObject({
      code: 'github_malformed',
      message: expect.stringContaining('/repos/acme/shop')
    })
  })
})

describe('a rate limit', () => {
  test.each([
    [
      'of the secondary kind',
      403,
      { 'retry-after': '7' },
      'You have exceeded a secondary rate limit'
    ],
    [
      'of the primary kind',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' },
      'API rate limit exceeded'
    ],
    [
      'with a status of its own',
      429,
      { 'retry-after': '7' },
      'You have exceeded a secondary rate limit'
    ]
  ])('%s that is over soon is waited for', async (_, status, headers, message) => {
    fail(status, 1, headers, { message })
    expect(await read()).toBe('# Shop\n')
    expect(world.lines).toHaveLength(1)
  })

  test('that lasts is told with its end, and nothing is asked again', async () => {
    fail(403, 1, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2114380800' })
    expect(await refusalOf(read())).toMatchObject({
      code: 'github_rate_limited',
      remedy: 'Run the same operation again after 2037-01-01T00:00:00.000Z; nothing was done.'
    })
    fail(403, 1, { 'retry-after': '600' }, { message: 'You have exceeded a secondary rate limit' })
    expect(await refusalOf(read())).toMatchObject({
      code: 'github_rate_limited',
      remedy: expect.stringContaining('after 2026-03-02T09:10:00.000Z')
    })
    expect(world.asked()).toHaveLength(2)
  })

  test('that comes back at once is not waited for for ever', async () => {
    fail(429, 9, { 'retry-after': '1' }, { message: 'secondary rate limit' })
    expect(await refusalOf(read())).toMatchObject({ code: 'github_rate_limited' })
    expect(world.asked()).toHaveLength(2)
  })
})

describe('what is given', () => {
  test.each([
    [{ token: '' }, 'github_token'],
    [{ token: 'ghs_a\nb' }, 'github_token'],
    [{ token: '"ghs_a"' }, 'github_token'],
    [{ repository: 'shop' }, 'github_repository'],
    [{ repository: 'https://github.com/acme/shop' }, 'github_repository']
  ])('%j is refused before anything is asked', (more, code) => {
    const make = () => world.again(more)
    expect(make).toThrow(InputError)
    expect(make).toThrow(expect.objectContaining({ code }))
    expect(world.asked()).toEqual([])
  })

  test('with a line break at its end is taken as it was meant', async () => {
    const { repository } = world.again({ token: `${world.token}\n` })
    expect(await repository.readFile('README.md')).toBe('# Shop\n')
  })

  test('as the address of a server shows people its pages at the server’s root', async () => {
    const { workflows } = world.again({
      apiUrl: 'https://ghe.example/api/v3',
      serverUrl: undefined as never,
      fetch: async url =>
        String(url).endsWith('/dispatches')
          ? Promise.reject(new TypeError('gone'))
          : Response.json({ full_name: 'acme/shop', private: true, default_branch: 'main' })
    })
    expect(await refusalOf(workflows.dispatch('rollout', {}))).toMatchObject({
      remedy: expect.stringContaining('https://ghe.example/acme/shop/actions/workflows/rollout.yml')
    })
  })
})
