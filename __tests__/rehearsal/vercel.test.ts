import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startVercelSimulator, type VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'

let clock: VirtualClock
let simulator: VercelSimulator
beforeEach(async () => {
  clock = createVirtualClock(1_800_000_000_000)
  simulator = await startVercelSimulator({
    now: clock.now,
    token: 'tok',
    flags: { production: { F: 'false' }, preview: { F: 'true' } }
  })
})
afterEach(() => simulator.close())

const team = '?teamId=team_abc123'
const env = `/v10/projects/prj_1/env${team}`

async function call(method: string, path: string, body?: unknown, token = 'tok') {
  const response = await fetch(`${simulator.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  // biome-ignore lint/suspicious/noExplicitAny: assertions say what the body must be
  return { status: response.status, body: (await response.json()) as any }
}

const deploy = (body: Record<string, unknown> = {}) =>
  call('POST', `/v13/deployments${team}`, { name: 'shop', ...body })

describe('default deny', () => {
  test('an unknown route is 404 and a violation', async () => {
    expect(await call('GET', '/v99/nothing')).toMatchObject({ status: 404 })
    expect(simulator.violations).toEqual(['GET /v99/nothing: no such route'])
  })

  test('an unknown body key of a change is 400 and a violation', async () => {
    const draft = { key: 'G', value: '1', target: ['preview'], colour: 'red' }
    expect(await call('POST', env, draft)).toMatchObject({ status: 400 })
    expect(simulator.violations).toEqual(['POST /v10/projects/:project/env: unknown body colour'])
    expect(simulator.valueOf('preview', 'G')).toBeUndefined()
  })

  test('an unknown query key of a change is 400 and a violation', async () => {
    const draft = { key: 'G', value: '1', target: ['preview'] }
    expect(await call('POST', `${env}&force=1`, draft)).toMatchObject({ status: 400 })
    expect(simulator.violations).toHaveLength(1)
  })

  test('a wrong token is 403, a missing team 403 and a violation, another project 404', async () => {
    expect(await call('GET', env, undefined, 'other')).toMatchObject({
      status: 403,
      body: { error: { invalidToken: true } }
    })
    expect(simulator.violations).toEqual([])
    expect(await call('GET', '/v9/projects/prj_1')).toMatchObject({ status: 403 })
    expect(simulator.violations).toHaveLength(1)
    expect(await call('GET', `/v9/projects/prj_2${team}`)).toMatchObject({ status: 404 })
  })
})

describe('environment variables', () => {
  test('the same key, target and branch is a conflict, unless it is an upsert', async () => {
    const draft = { key: 'F', value: 'new', target: ['preview'], type: 'encrypted' }
    expect(await call('POST', env, draft)).toMatchObject({
      status: 400,
      body: { error: { code: 'ENV_CONFLICT' } }
    })
    expect(await call('POST', `${env}&upsert=true`, draft)).toMatchObject({ status: 201 })
    expect(simulator.valueOf('preview', 'F')).toBe('new')
    expect(await call('POST', env, { ...draft, gitBranch: 'x' })).toMatchObject({ status: 201 })
  })

  test('an upsert onto a record with other targets is a conflict', async () => {
    simulator.plantRecord({ key: 'G', value: '1', target: ['production', 'preview'] })
    const draft = { key: 'G', value: '2', target: ['preview'] }
    expect(await call('POST', `${env}&upsert=true`, draft)).toMatchObject({ status: 400 })
  })

  test('a list shows no value of an encrypted record, the single read does', async () => {
    const { body } = await call('GET', env)
    expect(JSON.stringify(body)).not.toContain('"false"')
    expect(await call('GET', `/v1/projects/prj_1/env/env_1${team}`)).toMatchObject({
      body: { key: 'F', value: 'false', decrypted: true }
    })
  })

  test('nobody reads a sensitive value', async () => {
    const { id } = simulator.plantRecord({
      ...{ key: 'S', value: 'hidden', target: ['preview'], type: 'sensitive' }
    })
    const single = await call('GET', `/v1/projects/prj_1/env/${id}${team}`)
    const list = await call('GET', env)
    expect(JSON.stringify([single, list])).not.toContain('hidden')
  })
})

describe('deployments', () => {
  test('a deployment keeps the flags of its moment and is ready after the build time', async () => {
    const { body } = await deploy({ target: 'production' })
    simulator.setFlagByHand('production', 'F', 'true')
    expect(simulator.live('production')?.id).toBe('dpl_1')
    await clock.sleep(44_999)
    expect(simulator.live('production')?.id).toBe('dpl_1')
    await clock.sleep(1)
    expect(simulator.live('production')).toMatchObject({ id: body.id, env: { F: 'false' } })
  })

  test('a preview deployment of a branch sees the override of that branch', async () => {
    simulator.addBranchOverride('F', 'branch', 'feat/x')
    const { body } = await deploy({ gitMetadata: { commitRef: 'feat/x' } })
    expect(simulator.envOf(body.id)).toEqual({ F: 'branch' })
    expect(simulator.envOf((await deploy()).body.id)).toEqual({ F: 'true' })
  })

  test('readiness can be counted in reads instead of time', async () => {
    simulator.weather.readyAfterReads = 2
    const { body } = await deploy()
    const read = () => call('GET', `/v13/deployments/${body.id}${team}`)
    expect((await read()).body.readyState).toBe('BUILDING')
    expect((await read()).body.readyState).toBe('READY')
  })

  test('a rollback keeps later deployments staged until one is promoted', async () => {
    simulator.deployByHand('production')
    await call('POST', `/v9/projects/prj_1/rollback/dpl_1${team}`, {})
    expect(simulator.live('production')?.id).toBe('dpl_1')
    const staged = simulator.deployByHand('production')
    expect(simulator.live('production')?.id).toBe('dpl_1')
    await call('POST', `/v10/projects/prj_1/promote/${staged.id}${team}`, {})
    expect(simulator.live('production')?.id).toBe(staged.id)
    expect(simulator.live('production')?.id).not.toBe(simulator.deployByHand('production').id)
  })

  test('listings filter by meta and page by moment', async () => {
    for (const intent of ['a', 'b', 'a']) await deploy({ meta: { rollgate: intent } })
    const list = async (query: string) =>
      (await call('GET', `/v6/deployments${team}&projectId=prj_1&${query}`)).body
    const ours = await list('meta-rollgate=a')
    expect(ours.deployments.map(({ uid }: { uid: string }) => uid)).toEqual(['dpl_5', 'dpl_3'])
    const first = await list('limit=2')
    const second = await list(`limit=9&until=${first.pagination.next}`)
    expect(first.deployments.length + second.deployments.length).toBe(5)
  })

  test('what is ready cannot be cancelled, what cannot serve production cannot be promoted', async () => {
    expect(await call('PATCH', `/v12/deployments/dpl_1/cancel${team}`)).toMatchObject({
      status: 400
    })
    expect(await call('POST', `/v10/projects/prj_1/promote/dpl_2${team}`, {})).toMatchObject({
      status: 422
    })
  })
})

describe('crashes', () => {
  test.each([
    ['before', undefined],
    ['after', '1']
  ] as const)('a request frozen %s its effect leaves the value %s', async (when, value) => {
    simulator.freezeAt(2, when)
    await call('PATCH', `/v10/projects/prj_1/env/env_1${team}`, { value: 'x' })
    call('POST', env, { key: 'G', value: '1', target: ['preview'] }).catch(() => undefined)
    await simulator.frozen
    expect(simulator.mutations).toBe(2)
    expect(simulator.valueOf('preview', 'G')).toBe(value)
    expect(
      await call('PATCH', `/v10/projects/prj_1/env/env_1${team}`, { value: 'y' })
    ).toMatchObject({ status: 200 })
  })
})

test('the log of requests holds method, path, query, body and moment', async () => {
  await clock.sleep(1000)
  await call('PATCH', `/v10/projects/prj_1/env/env_1${team}`, { value: 'x' })
  expect(simulator.requests.at(-1)).toMatchObject({
    method: 'PATCH',
    path: '/v10/projects/prj_1/env/env_1',
    query: { teamId: 'team_abc123' },
    body: { value: 'x' },
    time: 1_800_000_001_000
  })
})
