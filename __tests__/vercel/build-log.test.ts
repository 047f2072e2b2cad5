import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { RollgateError } from '../../src/rollout/rollgate-error.ts'
import { requestFor } from './request-for.ts'
import { startVercelWorld, TOKEN, type VercelWorld } from './world.ts'

let world: VercelWorld
beforeEach(async () => {
  world = await startVercelWorld()
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

async function failedBuild(log: readonly string[]): Promise<RollgateError> {
  world.simulator.failNextBuild('Command "next build" exited with 1', log)
  return world.deployer.deploy(requestFor('preview')).then(
    () => {
      throw new Error('the build did not fail')
    },
    error => error
  )
}

test('a failed build is told with the last lines of its log and where a person sees it', async () => {
  const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`)
  const { code, message, remedy } = await failedBuild(lines)
  expect(code).toBe('deploy_failed')
  expect(message).toContain('Command "next build" exited with 1')
  expect(message).toContain('The end of its log:\n')
  expect(message).toContain('line 29')
  expect(message).not.toContain('line 10\n')
  const [, tail = ''] = message.split('The end of its log:\n')
  expect(tail.split('\n')).toHaveLength(10)
  expect(remedy).toContain('https://vercel.com/acme/shop/')
})

test('neither the token nor the value of a variable is in it', async () => {
  world.simulator.setFlagByHand('preview', 'MODE', 'shadow-of-a-doubt')
  const { message } = await failedBuild([`using ${TOKEN}`, 'MODE=shadow-of-a-doubt', 'FULL=true'])
  expect(message).not.toContain(TOKEN)
  expect(message).not.toContain('shadow-of-a-doubt')
  expect(message).toContain('MODE=…\nFULL=true')
})

test('colours are taken out, and endless lines are cut', async () => {
  const { message } = await failedBuild(['\u001b[31mred\u001b[0m', 'x'.repeat(100_000)])
  expect(message).not.toContain('\u001b')
  expect(message.length).toBeLessThan(2_500)
})

test.each(['forbidden', 'missing'] as const)(
  'no line is told when nobody can tell which values are in it (%s)',
  async envPull => {
    world.simulator.switches.envPull = envPull
    const { code, message } = await failedBuild(['MODE=shadow-of-a-doubt'])
    expect(code).toBe('deploy_failed')
    expect(message).not.toContain('shadow-of-a-doubt')
  }
)

test('a log that cannot be read does not hide the failure', async () => {
  const effect = { kind: 'answer', status: 500 } as const
  world.simulator.faults.inject({ path: /events$/u, times: 9, effect })
  expect(await failedBuild(['line'])).toMatchObject({
    code: 'deploy_failed',
    message: expect.stringContaining('next build')
  })
})

test('nothing of a log is told when the answer about the variables holds none at all', async () => {
  const effect = { kind: 'answer', status: 200, body: {} } as const
  world.simulator.faults.inject({ path: /env\/pull/u, times: 9, effect })
  const { message } = await failedBuild(['MODE=shadow-of-a-doubt'])
  expect(message).not.toContain('shadow-of-a-doubt')
})

test('what only one half of a deployment was made with is known, and hidden, too', async () => {
  const body = { env: { AT_RUN: 'only-at-run' }, buildEnv: { AT_BUILD: 'only-at-build' } }
  const effect = { kind: 'answer', status: 200, body } as const
  world.simulator.faults.inject({ path: /env\/pull/u, times: 2, effect })
  expect(await world.deployer.flagsIn('dpl_1', ['AT_RUN', 'AT_BUILD'])).toEqual({
    ...body.env,
    ...body.buildEnv
  })
  const { message } = await failedBuild(['only-at-run only-at-build'])
  expect(message).toContain('… …')
})

test.each([
  ['400', { kind: 'answer', status: 400 } as const],
  ['402', { kind: 'answer', status: 402 } as const],
  [
    'values of another kind',
    { kind: 'answer', status: 200, body: { env: { MODE: null } } } as const
  ]
])('the flags of a deployment cannot be told where the answer is %s', async (_, effect) => {
  world.simulator.faults.inject({ path: /env\/pull/u, effect })
  expect(await world.deployer.flagsIn('dpl_1', ['MODE'])).toBeUndefined()
})

test('the flags of a deployment cannot be told where the token may not see them', async () => {
  const { id } = world.simulator.deployByHand('preview')
  world.simulator.switches.envPull = 'forbidden'
  expect(await world.deployer.flagsIn(id, ['MODE'])).toBeUndefined()
  world.simulator.switches.envPull = 'missing'
  expect(await world.deployer.flagsIn(id, ['MODE'])).toBeUndefined()
})

test('what looks like a secret is redacted, since nobody may see the values of sensitive variables', async () => {
  const { message } = await failedBuild(['connecting to postgres://shop:hunter2@db.example/shop'])
  expect(message).toContain('connecting to [url]')
  expect(message).not.toContain('hunter2')
})
