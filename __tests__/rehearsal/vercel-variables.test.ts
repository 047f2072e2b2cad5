import { afterEach, describe, expect, test } from '@jest/globals'
import type { VercelSimulatorOptions } from '../../src/rehearsal/vercel/simulator.ts'
import { type CalledVercel, startCalledVercel } from './vercel-caller.ts'

let world: CalledVercel
const start = async (options: Partial<VercelSimulatorOptions> = {}) => {
  world = await startCalledVercel(options)
  return world
}
afterEach(() => world.simulator.close())

const env = '/v10/projects/prj_1/env'
const draft = { value: 'new', target: ['preview'], type: 'encrypted' }
const flags = { preview: { F: 'old' } }

describe('an array of variables', () => {
  const both = [
    { ...draft, key: 'F' },
    { ...draft, key: 'G' }
  ]

  test('one that conflicts is told in `failed`, the others are stored', async () => {
    const { call, simulator } = await start({ flags })
    const { status, body } = await call('POST', env, both)
    expect(status).toBe(201)
    expect(body.created).toMatchObject([{ key: 'G' }])
    expect(body.failed).toMatchObject([{ error: { code: 'ENV_CONFLICT', key: 'F' } }])
    expect(simulator.valueOf('preview', 'F')).toBe('old')
    expect(simulator.valueOf('preview', 'G')).toBe('new')
  })

  test('or it stops them all, by a switch', async () => {
    const { call, simulator } = await start({ flags, switches: { batchConflict: 'refuse' } })
    expect(await call('POST', env, both.toReversed())).toMatchObject({ status: 400 })
    expect(simulator.valueOf('preview', 'G')).toBeUndefined()
  })
})

describe('what nobody could verify is a switch', () => {
  const shared = { key: 'F', value: 'old', target: ['production', 'preview'] }

  test.each([
    ['conflict', 400, 'old', 'old'],
    ['overwrite', 201, 'new', 'new'],
    ['split', 201, 'old', 'new']
  ] as const)('an upsert of one target onto a record with two: %s', async (...expected) => {
    const [upsertOntoShared, status, production, preview] = expected
    const { call, simulator } = await start({ switches: { upsertOntoShared } })
    simulator.plantRecord(shared)
    const answer = await call('POST', `${env}?upsert=true`, { ...draft, key: 'F' })
    expect(answer.status).toBe(status)
    expect(simulator.valueOf('production', 'F')).toBe(production)
    expect(simulator.valueOf('preview', 'F')).toBe(preview)
  })

  test.each([
    { status: 400, code: 'ENV_CONFLICT' },
    { status: 403, code: 'ENV_ALREADY_EXISTS' }
  ] as const)('how a variable that exists is refused: $code', async conflict => {
    const { call } = await start({ flags, switches: { conflict } })
    expect(await call('POST', env, { ...draft, key: 'F' })).toMatchObject({
      status: conflict.status,
      body: { error: { code: conflict.code } }
    })
  })

  test.each([
    [true, 1],
    [false, 2]
  ])('whether the list heeds its filters: %s', async (listFilters, count) => {
    const { call } = await start({
      flags: { production: { F: 'a' }, preview: { F: 'b' } },
      switches: { listFilters }
    })
    expect((await call('GET', `${env}?target=preview`)).body.envs).toHaveLength(count)
  })

  test.each([
    ['literal', 'general'],
    ['resolved', 'branch']
  ] as const)('a detached HEAD is taken %s', async (detachedHead, seen) => {
    const { call, deploy, simulator } = await start({
      flags: { preview: { F: 'general' } },
      repository: { org: 'acme', repo: 'shop', productionBranch: 'main', commits: ['aaa'] },
      switches: { detachedHead }
    })
    simulator.pushByHand('feat/x', 'bbb')
    simulator.addBranchOverride('F', 'branch', 'feat/x')
    const gitMetadata = { commitRef: 'HEAD', commitSha: 'bbb' }
    const { body } = await deploy({ gitMetadata })
    expect(simulator.envOf(body.id)).toEqual({ F: seen })
    expect((await call('GET', `/v3/env/pull/${body.id}`)).body.buildEnv).toEqual({ F: seen })
  })

  test.each([
    ['allowed', 200],
    ['forbidden', 403],
    ['missing', 404]
  ] as const)('reading the variables of a deployment is %s', async (envPull, status) => {
    const { call } = await start({ flags, switches: { envPull } })
    expect((await call('GET', '/v3/env/pull/dpl_2')).status).toBe(status)
    expect((await call('GET', '/v3/env/pull/prj_1/preview')).status).toBe(200)
  })

  test.each([403, 404] as const)('a call without the team is refused with %s', async status => {
    const { simulator } = await start({ switches: { foreignScope: status } })
    const headers = { authorization: 'Bearer tok' }
    const response = await fetch(`${simulator.url}/v9/projects/prj_1`, { headers })
    expect(response.status).toBe(status)
    expect(simulator.violations).toHaveLength(1)
  })
})

test('a 201 may say that nothing was stored', async () => {
  const { call, simulator } = await start()
  simulator.weather.nextEnvFailed = 'Something went wrong'
  const { status, body } = await call('POST', env, { ...draft, key: 'G' })
  expect(status).toBe(201)
  expect(body).toMatchObject({ failed: [{ error: { message: 'Something went wrong' } }] })
  expect(simulator.envRecords()).toEqual([])
})

test('a variable of the team reaches the project, whose own record wins', async () => {
  const { call, simulator } = await start({ flags })
  simulator.shareByHand({ key: 'F', value: 'team', target: ['preview'] })
  simulator.shareByHand({ key: 'T', value: 'team', target: ['preview'] })
  simulator.shareByHand({ key: 'O', value: 'x', target: ['preview'], projectId: ['prj_2'] })
  expect(simulator.valueOf('preview', 'F')).toBe('old')
  expect(simulator.valueOf('preview', 'T')).toBe('team')
  const { data } = (await call('GET', '/v1/env?projectId=prj_1')).body
  expect(data).toMatchObject([{ key: 'F' }, { key: 'T' }])
})

test('a sensitive value is empty in every pull and present in the build', async () => {
  const { call, simulator } = await start({ deployed: ['production'] })
  simulator.plantRecord({ key: 'S', value: 'x', target: ['preview'], type: 'sensitive' })
  const { id } = simulator.deployByHand('preview')
  expect((await call('GET', `/v3/env/pull/${id}`)).body.buildEnv).toEqual({ S: '' })
  expect((await call('GET', '/v3/env/pull/prj_1/preview')).body.env).toEqual({ S: '' })
  expect(simulator.envOf(id)).toEqual({ S: 'x' })
})
