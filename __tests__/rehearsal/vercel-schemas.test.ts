import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  startVercelSimulator,
  type VercelSimulator,
  type VercelSimulatorOptions
} from '../../src/rehearsal/vercel/simulator.ts'
import { createVirtualClock, type VirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { misfits, sdkSchema } from './sdk-schemas.ts'

/** The SDK's schema of the answer to each documented request: file and name. */
const DOCUMENTED: Readonly<Record<string, readonly [string, string]>> = {
  'GET /v2/user': ['getauthuserop', 'GetAuthUserResponseBody'],
  'GET /v2/teams': ['getteamsop', 'GetTeamsResponseBody'],
  'GET /v2/teams/:team': ['team', 'Team'],
  'GET /v9/projects/:project': ['getprojectresponsebody', 'GetProjectResponseBody'],
  'GET /v9/projects/:project/custom-environments': [
    'getprojectsbyidornamecustomenvironmentsop',
    'GetProjectsByIdOrNameCustomEnvironmentsResponseBody'
  ],
  'GET /v1/projects/:project/promote/aliases': [
    'listpromotealiasesop',
    'ListPromoteAliasesResponseBody'
  ],
  'GET /v10/projects/:project/env': ['filterprojectenvsop', 'FilterProjectEnvsResponseBody'],
  'GET /v1/projects/:project/env/:env': ['getprojectenvop', 'GetProjectEnvResponseBody'],
  'POST /v10/projects/:project/env': ['createprojectenvop', 'CreateProjectEnvResponseBody'],
  'PATCH /v9/projects/:project/env/:env': ['editprojectenvop', 'EditProjectEnvResponseBody'],
  'DELETE /v9/projects/:project/env/:env': ['removeprojectenvop', 'RemoveProjectEnvResponseBody'],
  'DELETE /v1/projects/:project/env': [
    'batchremoveprojectenvop',
    'BatchRemoveProjectEnvResponseBody'
  ],
  'GET /v1/env': ['listsharedenvvariableop', 'ListSharedEnvVariableResponseBody'],
  'GET /v1/env/:env': ['getsharedenvvarop', 'GetSharedEnvVarResponseBody'],
  'POST /v2/files': ['uploadfileop', 'UploadFileResponseBody'],
  'POST /v13/deployments': ['createdeploymentresponsebody', 'CreateDeploymentResponseBody2'],
  'GET /v13/deployments/:deployment': ['getdeploymentresponsebody1', 'GetDeploymentResponseBody2'],
  'GET /v7/deployments': ['getdeploymentsop', 'GetDeploymentsResponseBody'],
  'PATCH /v12/deployments/:deployment/cancel': [
    'canceldeploymentresponsebody',
    'CancelDeploymentResponseBody'
  ],
  'GET /v3/deployments/:deployment/events': [
    'getdeploymenteventsop',
    'GetDeploymentEventsResponse'
  ],
  'POST /v2/deployments/:deployment/aliases': ['assignaliasop', 'AssignAliasResponseBody'],
  'GET /v2/deployments/:deployment/aliases': [
    'listdeploymentaliasesop',
    'ListDeploymentAliasesResponseBody'
  ],
  'GET /v4/aliases/:alias': ['getaliasop', 'GetAliasResponseBody'],
  'GET /v1/projects/:project/rolling-release': [
    'getrollingreleaseop',
    'GetRollingReleaseResponseBody'
  ],
  'GET /v1/projects/:project/rolling-release/config': [
    'getrollingreleaseconfigop',
    'GetRollingReleaseConfigResponseBody'
  ],
  'PATCH /v1/projects/:project/rolling-release/config': [
    'updaterollingreleaseconfigop',
    'UpdateRollingReleaseConfigResponseBody'
  ],
  'DELETE /v1/projects/:project/rolling-release/config': [
    'deleterollingreleaseconfigop',
    'DeleteRollingReleaseConfigResponseBody'
  ],
  'POST /v1/projects/:project/rolling-release/start': [
    'startrollingreleaseop',
    'StartRollingReleaseResponseBody'
  ],
  'POST /v1/projects/:project/rolling-release/approve-stage': [
    'approverollingreleasestageop',
    'ApproveRollingReleaseStageResponseBody'
  ],
  'POST /v1/projects/:project/rolling-release/complete': [
    'completerollingreleaseop',
    'CompleteRollingReleaseResponseBody'
  ]
}

/** Other spellings of documented paths, which the CLI uses. */
const TWINS: Readonly<Record<string, string>> = {
  'GET /teams/:team': 'GET /v2/teams/:team',
  'GET /v1/teams': 'GET /v2/teams',
  'GET /projects/:project/custom-environments': 'GET /v9/projects/:project/custom-environments',
  'GET /v9/projects/:project/promote/aliases': 'GET /v1/projects/:project/promote/aliases',
  'GET /v1/projects/:project/rollback/aliases': 'GET /v1/projects/:project/promote/aliases',
  'GET /v9/projects/:project/rollback/aliases': 'GET /v1/projects/:project/promote/aliases',
  'PATCH /v10/projects/:project/env/:env': 'PATCH /v9/projects/:project/env/:env',
  'DELETE /v10/projects/:project/env/:env': 'DELETE /v9/projects/:project/env/:env',
  'GET /v6/deployments': 'GET /v7/deployments',
  'GET /v3/now/deployments/:deployment/events': 'GET /v3/deployments/:deployment/events'
}

/** Routes whose answers the SDK knows nothing of, each with the reason. */
const UNDOCUMENTED: Readonly<Record<string, string>> = {
  'GET /v3/env/pull/:source': 'used by the CLI only',
  'GET /v3/env/pull/:source/:target/:branch?': 'used by the CLI only',
  'GET /v11/deployments/:deployment/builds': 'used by the CLI only',
  'POST /v1/projects/:project/rollback/:deployment': 'documented without a body',
  'POST /v9/projects/:project/rollback/:deployment':
    'as the CLI spells it; documented without a body',
  'POST /v10/projects/:project/promote/:deployment': 'documented without a body',
  'GET /__edge/:host/:path{.+}': 'the sites themselves, no part of the API',
  'GET /__edge/:host/': 'the sites themselves, no part of the API'
}

/** Fields that the SDK does not know: the CLI reads `uid` of its user. */
const BEYOND_THE_SDK: readonly RegExp[] = [/^\.user\.uid: unknown$/u]

interface Answer {
  readonly route: string
  readonly where: string
  readonly status: number
  readonly body: unknown
}

const answers: Answer[] = []
const simulators: VercelSimulator[] = []
const clock: VirtualClock = createVirtualClock(1_800_000_000_000)

const repository = { org: 'acme', repo: 'shop', productionBranch: 'main', commits: ['aaa', 'bbb'] }
const staging = { id: 'env_staging', slug: 'staging' }

/** A simulator in some state, and a way to ask it that remembers what it answered. */
async function visit(where: string, options: Partial<VercelSimulatorOptions> = {}) {
  const simulator = await startVercelSimulator({ now: clock.now, token: 'tok', ...options })
  simulators.push(simulator)
  const ask = async (
    route: string,
    names: Readonly<Record<string, string>> = {},
    more: { readonly query?: string; readonly body?: unknown } = {}
  ) => {
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern.replace(/:(\w+)/gu, (_, name) => names[name] ?? 'prj_1')
    const response = await fetch(`${simulator.url}${path}?teamId=team_abc123${more.query ?? ''}`, {
      method,
      headers: { authorization: 'Bearer tok', 'content-type': 'application/json' },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) })
    })
    const body = await response.json()
    answers.push({ route, where, status: response.status, body })
    return body
  }
  return { simulator, ask }
}

type Visit = Awaited<ReturnType<typeof visit>>

/** Everything that only reads, with what is there right now. */
async function lookAround({ simulator, ask }: Visit): Promise<void> {
  for (const team of ['GET /teams/:team', 'GET /v2/teams/:team'])
    await ask(team, { team: 'team_abc123' })
  await ask('GET /v2/user')
  for (const route of [
    'GET /v2/teams',
    'GET /v9/projects/:project',
    'GET /v9/projects/:project/custom-environments',
    'GET /projects/:project/custom-environments',
    'GET /v1/projects/:project/promote/aliases',
    'GET /v9/projects/:project/rollback/aliases',
    'GET /v10/projects/:project/env',
    'GET /v1/projects/:project/rolling-release',
    'GET /v1/projects/:project/rolling-release/config',
    'GET /v1/env',
    'GET /v6/deployments',
    'GET /v7/deployments'
  ])
    await ask(route)
  for (const { id } of simulator.envRecords())
    await ask('GET /v1/projects/:project/env/:env', { env: id })
  const made = ['production', 'preview', 'staging'].flatMap(simulator.deploymentsOf)
  for (const { id: deployment } of made) {
    await ask('GET /v13/deployments/:deployment', { deployment })
    await ask('GET /v3/deployments/:deployment/events', { deployment })
    await ask('GET /v3/now/deployments/:deployment/events', { deployment })
    await ask('GET /v2/deployments/:deployment/aliases', { deployment })
  }
}

async function changeVariables(): Promise<void> {
  const world = await visit('variables', { flags: { production: { F: 'false' } } })
  const { simulator, ask } = world
  const draft = { value: 'x', target: ['preview'], type: 'encrypted', comment: 'rollgate' }
  const post = (body: unknown, query = '') =>
    ask('POST /v10/projects/:project/env', {}, { body, query })
  await post({ ...draft, key: 'A' })
  await post({ ...draft, key: 'A', gitBranch: 'feat/x', type: 'sensitive' })
  await post([
    { ...draft, key: 'A' },
    { ...draft, key: 'B', type: 'plain' }
  ])
  await post({ ...draft, key: 'A' }, '&upsert=true')
  simulator.weather.nextEnvFailed = 'Something went wrong'
  await post({ ...draft, key: 'C' })
  simulator.plantRecord({ key: 'L', value: 'x', target: ['preview'], type: 'secret' })
  simulator.plantRecord({ key: 'I', value: 'x', target: ['preview'], configurationId: 'icfg_1' })
  simulator.plantRecord({
    key: 'Y',
    value: '',
    target: ['production'],
    type: 'system',
    system: true
  })
  simulator.shareByHand({ key: 'SHARED', value: 'x', target: ['production', 'preview'] })
  simulator.shareByHand({ key: 'SECRET', value: 'x', target: ['preview'], type: 'sensitive' })
  await lookAround(world)
  for (const env of ['env_shared_1', 'env_shared_2']) await ask('GET /v1/env/:env', { env })
  await ask('PATCH /v9/projects/:project/env/:env', { env: 'env_1' }, { body: { value: 'true' } })
  await ask('PATCH /v10/projects/:project/env/:env', { env: 'env_1' }, { body: { comment: 'x' } })
  await ask('DELETE /v9/projects/:project/env/:env', { env: 'env_1' })
  await ask('DELETE /v10/projects/:project/env/:env', { env: 'env_2' })
  await ask('DELETE /v1/projects/:project/env', {}, { body: { ids: ['env_3'] } })
}

async function listVariablesInEveryShape(): Promise<void> {
  const shapes = { hiddenProductionEnvCount: 2 }
  for (const switches of [shapes, { targetAsString: true }, { listsSingleBare: true }]) {
    const options = { switches, flags: { preview: { F: 'true' } } }
    const { ask } = await visit(Object.keys(switches).join(), options)
    await ask('GET /v10/projects/:project/env')
    await ask('GET /v1/projects/:project/env/:env', { env: 'env_1' })
  }
}

async function deployInEveryWay(): Promise<void> {
  const world = await visit('deployments', { repository, customEnvironments: [staging] })
  const { simulator, ask } = world
  const deploy = (body: object) =>
    ask('POST /v13/deployments', {}, { body: { name: 'shop', ...body } })
  const gitMetadata = { commitSha: 'ccc', commitRef: 'feat/x' }
  const gitSource = { type: 'github', org: 'acme', repo: 'shop', ref: 'main', sha: 'aaa' }
  await deploy({ gitMetadata, meta: { rollgate: 'evt-1' } })
  await deploy({ gitSource, target: 'production', env: { A: 'x' } })
  await deploy({ gitSource: { type: 'github', repoId: 4711, ref: 'main' } })
  await deploy({ customEnvironmentSlugOrId: 'staging' })
  await deploy({ deploymentId: 'dpl_1', withLatestCommit: true, target: 'production' })
  const { id: cancelled } = Object(await deploy({}))
  await ask('PATCH /v12/deployments/:deployment/cancel', { deployment: cancelled })
  await lookAround(world)
  await clock.sleep(60_000)
  await ask('POST /v2/files')
  simulator.failNextBuild('Module not found', ['Installing dependencies'])
  await deploy({ target: 'production' })
  simulator.weather.nextAliasError = 'The domain is taken'
  await deploy({ target: 'production' })
  await deploy({ target: 'production', autoAssignCustomDomains: false })
  await clock.sleep(60_000)
  simulator.weather.nextReadyState = 'BLOCKED'
  await deploy({ target: 'production' })
  await clock.sleep(60_000)
  const alias = { body: { alias: 'staging.shop.example' } }
  for (const deployment of ['dpl_2', 'dpl_3'])
    await ask('POST /v2/deployments/:deployment/aliases', { deployment }, alias)
  for (const name of ['staging.shop.example', 'shop.vercel.app'])
    await ask('GET /v4/aliases/:alias', { alias: name })
  await lookAround(world)
}

async function moveProduction(): Promise<void> {
  const world = await visit('moves', { deployed: ['production', 'production', 'preview'] })
  const { ask } = world
  const why = { query: '&description=Too%20many%20errors' }
  await ask('POST /v1/projects/:project/rollback/:deployment', { deployment: 'dpl_1' }, why)
  await lookAround(world)
  await ask('POST /v10/projects/:project/promote/:deployment', { deployment: 'dpl_2' })
  await lookAround(world)
}

async function releaseInStages(): Promise<void> {
  const world = await visit('rolling releases')
  const { simulator, ask } = world
  const base = '/v1/projects/:project/rolling-release'
  const stages = [10, 50, 100].map(targetPercentage => ({ targetPercentage }))
  const configuration = { enabled: true, advancementType: 'manual-approval', stages }
  await ask(`PATCH ${base}/config`, {}, { body: configuration })
  simulator.deployByHand('production')
  const canary = { canaryDeploymentId: 'dpl_3' }
  await lookAround(world)
  const next = { ...canary, activeStageIndex: 0, nextStageIndex: 1 }
  await ask(`POST ${base}/approve-stage`, {}, { body: next })
  simulator.deployByHand('production')
  await ask('POST /v10/projects/:project/promote/:deployment', { deployment: 'dpl_4' })
  await ask(`POST ${base}/complete`, {}, { body: canary })
  await ask(`POST ${base}/complete`, {}, { body: { canaryDeploymentId: 'dpl_4' } })
  await lookAround(world)
  await ask(`POST ${base}/start`, {}, { body: { canaryDeploymentId: 'dpl_3' } })
  await ask(`PATCH ${base}/config`, {}, { body: { enabled: false } })
  await ask(`DELETE ${base}/config`)
}

beforeAll(async () => {
  const empty = await visit('an empty project', { deployed: [] })
  await lookAround(empty)
  await changeVariables()
  await listVariablesInEveryShape()
  await deployInEveryWay()
  await moveProduction()
  await releaseInStages()
}, 60_000)

afterAll(async () => {
  for (const simulator of simulators) await simulator.close()
})

const documented = (route: string) => DOCUMENTED[TWINS[route] ?? route]

describe('the answers of the simulated API and the schemas of @vercel/sdk', () => {
  test('every request was one that the simulator knows and grants', () => {
    const refused = answers.filter(({ status }) => status >= 400)
    expect(refused).toEqual([])
    expect(simulators.flatMap(({ violations }) => violations)).toEqual([])
  })

  test.each(Object.entries(DOCUMENTED))('%s', async (route, [file, name]) => {
    const schema = await sdkSchema(file, name)
    const given = answers.filter(asked => (TWINS[asked.route] ?? asked.route) === route)
    expect(given).not.toEqual([])
    const wrong = given.flatMap(({ where, body }) =>
      misfits(schema, body)
        .filter(line => !BEYOND_THE_SDK.some(known => known.test(line)))
        .map(line => `${where}: ${line}`)
    )
    expect([...new Set(wrong)]).toEqual([])
  })

  test('every route is checked, or listed with the reason why it is not', () => {
    const routes = simulators[0]?.routes ?? []
    const open = routes.filter(route => !documented(route) && !(route in UNDOCUMENTED))
    expect(routes.length).toBeGreaterThan(40)
    expect(open).toEqual([])
    const listed = [DOCUMENTED, TWINS, UNDOCUMENTED].flatMap(list => Object.keys(list))
    expect(listed.filter(route => !routes.includes(route))).toEqual([])
  })

  test.each([
    ['a missing field', { deploymentId: undefined }, '.deploymentId: missing'],
    ['a field of another type', { uid: 7 }, '.uid: of another type'],
    ['a field that nobody knows', { uidd: 'als_1' }, '.uidd: unknown']
  ])('%s is found', async (_, change, found) => {
    const schema = await sdkSchema('getaliasop', 'GetAliasResponseBody')
    const asked = answers.find(({ route }) => route === 'GET /v4/aliases/:alias')
    const { deploymentId, ...rest } = Object(asked?.body)
    expect(misfits(schema, { deploymentId, ...rest })).toEqual([])
    expect(misfits(schema, { deploymentId, ...rest, ...change })).toEqual([found])
  })
})
