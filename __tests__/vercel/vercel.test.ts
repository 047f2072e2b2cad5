import { afterEach, expect, jest, test } from '@jest/globals'
import { requestFor } from './request-for.ts'
import { startVercelWorld, TOKEN, type VercelWorld } from './world.ts'

// Runs of the real CLI: below a second each, several on a busy machine.
jest.setTimeout(60_000)

let world: VercelWorld
afterEach(() => world.close())

test('a token pasted with a line break works', async () => {
  world = await startVercelWorld()
  const { project } = world.again({ token: `${TOKEN}\n` })
  expect(await project.inspectProject()).toEqual({
    id: 'prj_1',
    name: 'shop',
    autoAssignsProduction: true,
    rollingRelease: false,
    productionDeployment: 'dpl_1',
    productionDomains: ['shop.vercel.app']
  })
})

test.each(['', 'Bearer abc', 'abc-def', '"abc"'])('the token %j is refused unseen', async token => {
  world = await startVercelWorld()
  expect(() => world.again({ token })).toThrow(
    expect.objectContaining({
      name: 'InputError',
      code: 'vercel_token_malformed',
      message: expect.not.stringContaining('abc')
    })
  )
})

test('a wrong token is an error that names the remedy', async () => {
  world = await startVercelWorld()
  await expect(world.again({ token: 'wrong' }).project.inspectProject()).rejects.toMatchObject({
    code: 'vercel_forbidden',
    remedy: expect.stringContaining('VERCEL_TOKEN')
  })
})

test('a wrong project is an error that names the remedy', async () => {
  world = await startVercelWorld()
  await expect(world.again({ projectId: 'prj_2' }).project.inspectProject()).rejects.toMatchObject({
    code: 'vercel_not_found',
    remedy: expect.stringContaining('VERCEL_PROJECT_ID')
  })
})

test('the facts tell a project that is rolled back or under a rolling release', async () => {
  world = await startVercelWorld()
  const { simulator, deployer, project } = world
  const before = simulator.live('production')?.id ?? ''
  simulator.deployByHand('production')
  await deployer.reinstate('production', before)
  simulator.switches.rollingRelease = { target: 'production', stages: [{ targetPercentage: 10 }] }
  expect(await project.inspectProject()).toMatchObject({
    autoAssignsProduction: false,
    rollingRelease: true,
    productionDeployment: before
  })
})

test('the token leaves in the header of a request only, also through the real CLI', async () => {
  world = await startVercelWorld({ cli: 'real' })
  const { simulator, deployer, flags, lines } = world
  const wanted = { target: 'preview', flags: { SHADOW: 'true' }, comment: 'a#1' }
  await flags.write(wanted)
  await deployer.deploy(requestFor('preview'))
  simulator.faults.inject({ path: /./u, times: 9, effect: { kind: 'answer', status: 500 } })
  const failed = await deployer.live('preview').catch(error => error)

  const sent = simulator.requests.map(({ headers: _, ...rest }) => rest)
  const errors = [failed.message, failed.remedy, failed.stack, failed.cause]
  expect(JSON.stringify([sent, lines, errors])).not.toContain(TOKEN)
  expect(simulator.violations).toEqual([])
})
