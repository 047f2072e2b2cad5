import { afterEach, describe, expect, test } from '@jest/globals'
import { edgeFetch, edgeUrl } from '../../src/rehearsal/vercel/edge.ts'
import type { VercelSimulatorOptions } from '../../src/rehearsal/vercel/simulator.ts'
import { type CalledVercel, startCalledVercel } from './vercel-caller.ts'

let world: CalledVercel
const start = async (options: Partial<VercelSimulatorOptions> = {}) => {
  world = await startCalledVercel(options)
  return world
}
afterEach(() => world.simulator.close())

const repository = { org: 'acme', repo: 'shop', productionBranch: 'main', commits: ['aaa', 'bbb'] }
const github = { type: 'github', org: 'acme', repo: 'shop' }
const promote = '/v10/projects/prj_1/promote'
const rollback = '/v9/projects/prj_1/rollback'

describe('deployments of a commit', () => {
  test('the provider takes the commit that is asked for, or the newest of the branch', async () => {
    const { deploy, simulator } = await start({ repository })
    simulator.pushByHand('main', 'ccc')
    const asked = await deploy({ gitSource: { ...github, ref: 'main', sha: 'aaa' } })
    const newest = await deploy({ gitSource: { type: 'github', repoId: 4711, ref: 'main' } })
    expect(asked.body.meta).toMatchObject({ githubCommitSha: 'aaa', githubCommitRef: 'main' })
    expect(newest.body.meta).toMatchObject({ githubCommitSha: 'ccc' })
    expect(newest.body.gitSource).toMatchObject({ type: 'github', sha: 'ccc', ref: 'main' })
  })

  test.each([
    ['a commit that the repository does not have', { ...github, ref: 'main', sha: 'zzz' }],
    ['a branch that the repository does not have', { ...github, ref: 'other' }],
    ['another repository', { ...github, repo: 'other', ref: 'main' }]
  ])('%s is refused', async (_, gitSource) => {
    const { deploy } = await start({ repository })
    expect(await deploy({ gitSource })).toMatchObject({ status: 400 })
  })

  test('without a connected repository there is no commit to take', async () => {
    const { deploy, call } = await start()
    expect(await deploy({ gitSource: { ...github, ref: 'main' } })).toMatchObject({ status: 400 })
    expect((await call('GET', '/v9/projects/prj_1')).body.link).toBeUndefined()
  })

  test('what the CLI uploads tells the commit that the CLI found', async () => {
    const { deploy } = await start()
    const { body } = await deploy({ gitMetadata: { commitSha: 'abc', commitRef: 'feat/x' } })
    expect(body.meta).toMatchObject({ gitCommitSha: 'abc', gitCommitRef: 'feat/x' })
  })

  test.each([
    ['current', 'new'],
    ['inherited', 'old']
  ] as const)('a redeployment is made with the %s variables', async (redeployEnv, value) => {
    const { deploy, simulator } = await start({
      repository,
      flags: { preview: { F: 'old' } },
      switches: { redeployEnv }
    })
    simulator.setFlagByHand('preview', 'F', 'new')
    simulator.pushByHand('main', 'ccc')
    const same = await deploy({ deploymentId: 'dpl_2' })
    const latest = await deploy({ deploymentId: 'dpl_2', withLatestCommit: true })
    expect(simulator.envOf(same.body.id)).toEqual({ F: value })
    expect(same.body.meta.githubCommitSha).toBe('bbb')
    expect(latest.body.meta.githubCommitSha).toBe('ccc')
  })
})

describe('builds that end badly', () => {
  test('the log of a failed build ends with its error', async () => {
    const { deploy, call, clock, simulator } = await start()
    simulator.failNextBuild('Module not found', ['Compiling', 'Type error in cart.ts'])
    const { id } = (await deploy()).body
    await clock.sleep(60_000)
    const events = `/v3/deployments/${id}/events?direction=backward&limit=2&builds=1`
    expect((await call('GET', events)).body).toMatchObject([
      { text: 'Error: Module not found', level: 'error' },
      { text: 'Type error in cart.ts' }
    ])
  })

  test.each(['BLOCKED', 'FROZEN_BY_SOMETHING_NEW'])('a build may end as %s', async state => {
    const { deploy, call, clock, simulator } = await start()
    simulator.weather.nextReadyState = state
    const { id } = (await deploy({ target: 'production' })).body
    await clock.sleep(60_000)
    expect((await call('GET', `/v13/deployments/${id}`)).body.readyState).toBe(state)
    expect(simulator.live('production')?.id).toBe('dpl_1')
  })

  test.each([
    [true, true],
    [false, false]
  ])('an alias error comes with aliasAssigned: %s', async (aliasErrorAssigned, assigned) => {
    const { deploy, call, clock, simulator } = await start()
    Object.assign(simulator.weather, { aliasErrorAssigned, nextAliasError: 'taken' })
    const { id } = (await deploy({ target: 'production' })).body
    await clock.sleep(60_000)
    const { body } = await call('GET', `/v13/deployments/${id}`)
    expect(body).toMatchObject({ aliasAssigned: assigned, aliasError: { message: 'taken' } })
  })

  test('what was deleted is gone, and nobody can roll back to it', async () => {
    const { call, simulator } = await start()
    simulator.deployByHand('production')
    simulator.deleteByHand('dpl_1')
    for (const answer of [
      await call('GET', '/v13/deployments/dpl_1'),
      await call('POST', `${rollback}/dpl_1`, {})
    ])
      expect(answer).toMatchObject({
        status: 404,
        body: { error: { code: 'deployment_not_found' } }
      })
    expect((await call('GET', '/v6/deployments?target=production')).body.deployments).toHaveLength(
      1
    )
  })
})

describe('production', () => {
  test('the dashboard`s rollback stages what comes later, until something is promoted', async () => {
    const { simulator, call } = await start()
    const second = simulator.deployByHand('production')
    simulator.rollBackByHand('dpl_1')
    const third = simulator.deployByHand('production')
    expect(simulator.live('production')?.id).toBe('dpl_1')
    const staged = await call('GET', `/v13/deployments/${third.id}`)
    expect(staged.body).toMatchObject({ readySubstate: 'STAGED', aliasAssigned: false })
    const replaced = await call('GET', `/v13/deployments/${second.id}`)
    expect(replaced.body).toMatchObject({ readySubstate: 'PROMOTED' })
    simulator.promoteByHand(third.id)
    expect(simulator.live('production')?.id).toBe(third.id)
  })

  test.each([
    [false, true],
    [true, false]
  ])('the setting shows a rollback: %s', async (rollbackShowsInSetting, setting) => {
    const { simulator, call } = await start({ switches: { rollbackShowsInSetting } })
    simulator.deployByHand('production')
    simulator.rollBackByHand('dpl_1')
    const { body } = await call('GET', '/v9/projects/prj_1')
    expect(body.autoAssignCustomDomains).toBe(setting)
    expect(body.lastAliasRequest).toMatchObject({ type: 'rollback', jobStatus: 'succeeded' })
  })

  test('the project tells why it was rolled back', async () => {
    const { simulator, call } = await start()
    simulator.deployByHand('production')
    await call('POST', `${rollback}/dpl_1?description=Too%20slow`, {})
    const { body } = await call('GET', '/v9/projects/prj_1')
    expect(body.rollbackDescription).toMatchObject({ description: 'Too slow' })
  })

  test('the last move may be missing, or be that of another deployment', async () => {
    const { simulator, call } = await start()
    simulator.deployByHand('production')
    simulator.weather.nextAliasJob = 'elsewhere'
    await call('POST', `${rollback}/dpl_1`, {})
    const read = async () => (await call('GET', '/v9/projects/prj_1')).body.lastAliasRequest
    expect(await read()).toMatchObject({ jobStatus: 'succeeded', toDeploymentId: 'dpl_elsewhere' })
    expect(simulator.live('production')?.id).not.toBe('dpl_1')
    simulator.switches.showsLastMove = false
    expect(await read()).toBeUndefined()
  })

  test.each([402, 422] as const)('Hobby goes back one deployment only, else %s', async refusal => {
    const switches = { plan: 'hobby', hobbyRefusal: refusal } as const
    const deployed = ['production', 'production', 'production']
    const { simulator, call } = await start({ switches, deployed })
    expect(await call('POST', `${rollback}/dpl_1`, {})).toMatchObject({ status: refusal })
    expect(await call('POST', `${rollback}/dpl_2`, {})).toMatchObject({ status: 201 })
    expect(simulator.live('production')?.id).toBe('dpl_2')
  })
})

describe('rolling releases', () => {
  const stages = [10, 50, 100].map(targetPercentage => ({ targetPercentage }))
  const rollingRelease = { target: 'production', stages }
  const base = '/v1/projects/prj_1/rolling-release'
  const canary = { canaryDeploymentId: 'dpl_3' }

  test.each([
    ['current', 'dpl_1'],
    ['canary', 'dpl_3']
  ] as const)(
    'a deployment gets its first share only; the project calls the %s live',
    async (rollingTarget, id) => {
      const { simulator, call } = await start({ switches: { rollingTarget } })
      simulator.switches.rollingRelease = rollingRelease
      simulator.deployByHand('production')
      expect((await call('GET', '/v13/deployments/dpl_3')).body.readySubstate).toBe('ROLLING')
      expect((await call('GET', base)).body.rollingRelease).toMatchObject({
        state: 'ACTIVE',
        currentCanaryPercentage: 10,
        nextStage: { index: 1, targetPercentage: 50 }
      })
      expect((await call('GET', '/v9/projects/prj_1')).body.targets.production.id).toBe(id)
      expect(simulator.live('production')?.id).toBe('dpl_1')
    }
  )

  test('stages are approved one by one, and the last word gives it all', async () => {
    const { simulator, call } = await start({ switches: { rollingRelease } })
    simulator.deployByHand('production')
    const approve = { ...canary, activeStageIndex: 0, nextStageIndex: 1 }
    await call('POST', `${base}/approve-stage`, approve)
    expect(simulator.rollingRelease()).toMatchObject({ stage: 1, state: 'ACTIVE' })
    expect(await call('POST', `${base}/approve-stage`, approve)).toMatchObject({ status: 400 })
    await call('POST', `${base}/complete`, canary)
    expect(simulator.live('production')?.id).toBe('dpl_3')
    expect(simulator.rollingRelease()).toMatchObject({ state: 'COMPLETE' })
  })

  test('a promotion meanwhile is queued with 202; a rollback ends the release', async () => {
    const { simulator, call } = await start({ switches: { rollingRelease } })
    simulator.deployByHand('production')
    simulator.deployByHand('production')
    expect(await call('POST', `${promote}/dpl_4`, {})).toMatchObject({ status: 202 })
    expect(simulator.rollingRelease()).toMatchObject({ canary: 'dpl_3', queued: 'dpl_4' })
    await call('POST', `${rollback}/dpl_1`, {})
    expect(simulator.live('production')?.id).toBe('dpl_1')
    expect(simulator.rollingRelease()).toMatchObject({ state: 'ABORTED' })
  })
})

describe('the sites themselves', () => {
  const flags = { production: { F: 'off' }, preview: { F: 'on' } }
  const health = async (host: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${edgeUrl(world.simulator, host)}/api/health`, { headers })
    return { status: response.status, body: Object(await response.json()) }
  }

  test('every address answers with the flags of what it serves', async () => {
    const { simulator } = await start({ flags })
    simulator.aliasByHand('staging.shop.example', 'dpl_2')
    expect(await health('production')).toMatchObject({ status: 200, body: { flags: { F: 'off' } } })
    for (const host of ['staging.shop.example', 'dpl_2', 'shop-2-acme.vercel.app'])
      expect(await health(host)).toMatchObject({ status: 200, body: { deployment: 'dpl_2' } })
    const ask = edgeFetch(simulator)
    const page = await ask('https://staging.shop.example/api/health?x=1')
    expect(await page.json()).toMatchObject({ flags: { F: 'on' } })
    expect((await ask('https://shop-2-acme.vercel.app/nothing')).status).toBe(404)
    expect((await ask(new URL('https://shop-9-acme.vercel.app/'))).status).toBe(404)
    expect(simulator.violations).toEqual([])
  })

  test('an alias moves to what it is pointed at through the API', async () => {
    const { call } = await start({ flags })
    const alias = { alias: 'staging.shop.example' }
    await call('POST', '/v2/deployments/dpl_2/aliases', alias)
    expect(await health(alias.alias)).toMatchObject({ body: { deployment: 'dpl_2' } })
    const moved = await call('POST', '/v2/deployments/dpl_1/aliases', alias)
    expect(moved.body).toMatchObject({ ...alias, oldDeploymentId: 'dpl_2' })
    expect(await call('GET', `/v4/aliases/${alias.alias}?projectId=prj_1`)).toMatchObject({
      body: { deploymentId: 'dpl_1', deployment: { url: 'shop-1-acme.vercel.app' } }
    })
    expect(await call('GET', '/v4/aliases/nobody.example')).toMatchObject({ status: 404 })
  })

  test('protection asks for its secret everywhere but on the production domain', async () => {
    await start({ switches: { protection: 's3cret' } })
    expect(await health('dpl_2')).toMatchObject({ status: 401 })
    expect(await health('dpl_2', { 'x-vercel-protection-bypass': 'wrong' })).toMatchObject({
      status: 401
    })
    expect(await health('dpl_2', { 'x-vercel-protection-bypass': 's3cret' })).toMatchObject({
      status: 200
    })
    expect(await health('production')).toMatchObject({ status: 200 })
  })

  test('a rolling release answers a share of the visitors of production', async () => {
    const rollingRelease = { stages: [{ targetPercentage: 25 }, { targetPercentage: 100 }] }
    const { simulator } = await start({ switches: { rollingRelease } })
    simulator.deployByHand('production')
    const seen: string[] = []
    for (let visit = 0; visit < 8; visit += 1)
      seen.push((await health('production')).body.deployment)
    expect(seen.filter(id => id === 'dpl_3')).toHaveLength(2)
  })
})
