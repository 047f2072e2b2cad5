import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import * as z from 'zod'
import { createApi, type VercelApi } from '../../src/vercel/api.ts'
import { START_MS, startVercelWorld, TOKEN, type VercelWorld } from './world.ts'

let world: VercelWorld
let api: VercelApi
beforeEach(async () => {
  world = await startVercelWorld()
  api = apiOf({})
})
afterEach(() => world.close())

const path = '/v9/projects/prj_1'
const named = z.looseObject({ name: z.string() })
const requests = () => world.simulator.requests
const fail = (status: number, times: number, headers: Record<string, string> = {}) =>
  world.simulator.faults.inject({
    path: /./u,
    times,
    effect: { kind: 'answer', status, headers, body: { error: { code: 'c', message: 'm' } } }
  })

function apiOf(more: { readonly timeoutMs?: number }): VercelApi {
  const { simulator, clock } = world
  const account = { apiUrl: simulator.url, token: TOKEN, teamId: simulator.identity.teamId }
  return createApi({ ...account, clock, fetch, timeoutMs: 5000, ...more })
}

describe('reading', () => {
  test('asks as the team, with the token in a header and nowhere else', async () => {
    expect(await api.get({ path, query: { a: 'b c' } }, named)).toMatchObject({ name: 'shop' })
    expect(requests()).toMatchObject([{ query: { a: 'b c', teamId: 'team_abc123' } }])
    expect(requests()[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`)
  })

  test('waits as long as Retry-After says, by the clock it was given', async () => {
    fail(429, 1, { 'retry-after': '7' })
    await api.get({ path }, named)
    expect(world.clock.now() - START_MS).toBe(7000)
  })

  test('waits no longer than half a minute, and ever longer when nothing is said', async () => {
    fail(429, 1, { 'retry-after': '86400' })
    fail(502, 2)
    await api.get({ path }, named)
    expect(world.clock.now() - START_MS).toBe(30_000 + 2000 + 4000)
  })

  test('gives up after four attempts, in words that name what was asked', async () => {
    fail(500, 9)
    await expect(api.get({ path, query: { gitBranch: 'x' } }, named)).rejects.toMatchObject({
      code: 'vercel_unavailable',
      message: 'Vercel did not accept GET /v9/projects/prj_1: HTTP 500, c, m'
    })
    expect(requests()).toHaveLength(4)
  })

  test.each([
    [401, 'vercel_forbidden'],
    [402, 'vercel_plan_limit'],
    [403, 'vercel_forbidden'],
    [404, 'vercel_not_found'],
    [409, 'vercel_conflict'],
    [422, 'vercel_refused']
  ])('HTTP %i is %s, at once', async (status, code) => {
    fail(status, 9)
    await expect(api.get({ path }, named)).rejects.toMatchObject({ name: 'ProviderError', code })
    expect(requests()).toHaveLength(1)
  })

  test('asks again when the connection ends or the body is no JSON', async () => {
    world.simulator.faults.inject({ path: /./u, effect: { kind: 'drop' } })
    world.simulator.faults.inject({ path: /./u, effect: { kind: 'garble' } })
    await api.get({ path }, named)
    expect(requests()).toHaveLength(3)
  })

  test('an answer that takes too long is given up', async () => {
    world.simulator.faults.inject({ path: /./u, times: 9, effect: { kind: 'delay', ms: 1000 } })
    await expect(apiOf({ timeoutMs: 20 }).get({ path }, named)).rejects.toMatchObject({
      code: 'vercel_unavailable',
      message: expect.stringContaining('no answer in time')
    })
  })

  test('an API that is not there is told by the reason of the network', async () => {
    await world.simulator.close()
    await expect(api.get({ path }, named)).rejects.toMatchObject({
      code: 'vercel_unavailable',
      message: 'Vercel gave no usable answer to GET /v9/projects/prj_1: ECONNREFUSED'
    })
  })

  test('a shape it does not know is told by its place, never by its content', async () => {
    const body = { name: { secret: 'value' } }
    world.simulator.faults.inject({ path: /./u, effect: { kind: 'answer', status: 200, body } })
    await expect(api.get({ path }, named)).rejects.toMatchObject({
      code: 'vercel_unexpected_answer',
      message: 'Vercel answered GET /v9/projects/prj_1 in a shape Rollgate does not know: name'
    })
  })
})

describe('changing', () => {
  const call = { method: 'POST', path: '/v10/projects/prj_1/promote/dpl_1', body: {} } as const

  test('is sent once, whatever comes back', async () => {
    fail(500, 9)
    expect(await api.change(call)).toMatchObject({ kind: 'unknown', waitMs: 1000 })
    expect(requests()).toHaveLength(1)
  })

  test('an empty success is a success', async () => {
    const emptyAnswer: typeof fetch = async () => new Response(null, { status: 201 })
    const { clock } = world
    const account = { apiUrl: 'http://api', token: TOKEN, teamId: 'team_abc123', timeoutMs: 9000 }
    const other = createApi({ ...account, clock, fetch: emptyAnswer })
    expect(await other.change(call)).toEqual({ kind: 'done', body: undefined })
  })

  test('a refusal carries the code of the provider', async () => {
    fail(400, 1)
    expect(await api.change(call)).toMatchObject({
      kind: 'refused',
      code: 'c',
      error: { code: 'vercel_refused' }
    })
  })
})
