import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GithubTestWorld, refusalOf, startGithubWorld } from './world.ts'

let world: GithubTestWorld
let started: { file: string; ref: string; inputs: Readonly<Record<string, string>> }[]
beforeEach(async () => {
  world = await startGithubWorld()
  started = []
  world.simulator.onDispatch(({ file, ref, inputs }) => {
    started.push({ file, ref, inputs })
    return 900 + started.length
  })
})
afterEach(() => world.close())

describe('starting a workflow', () => {
  test('does so on the default branch and says where the run is', async () => {
    const inputs = { operation: 'advance', phase: 'production-full' }
    expect(await world.workflows.dispatch('rollout', inputs)).toEqual({
      url: 'https://github.com/acme/shop/actions/runs/901'
    })
    await world.workflows.dispatch('monitor', {})
    expect(started).toEqual([
      { file: 'rollout.yml', ref: 'main', inputs },
      { file: 'rollout-monitor.yml', ref: 'main', inputs: {} }
    ])
  })

  test('asks for the default branch once', async () => {
    await world.workflows.dispatch('rollout', {})
    await world.workflows.dispatch('rollout', {})
    expect(world.asked().filter(line => line === 'GET /repos/acme/shop')).toHaveLength(1)
  })

  test('succeeds where GitHub does not say which run it was', async () => {
    world.simulator.settings.dispatchAnswers = 'nothing'
    expect(await world.workflows.dispatch('rollout', {})).toEqual({ url: undefined })
    expect(started).toHaveLength(1)
  })

  test('there is none of is no failure', async () => {
    expect(await world.workflows.dispatch('timers', {})).toBeUndefined()
    expect(await world.workflows.enable('timers')).toBe(false)
    expect(world.asked()).toEqual([])
  })

  test.each(['before', 'after'] as const)(
    'whose answer was lost %s anything happened is not repeated',
    async when => {
      world.simulator.faults.inject({ path: /dispatches/u, when, effect: { kind: 'drop' } })
      expect(await refusalOf(world.workflows.dispatch('rollout', {}))).toMatchObject({
        code: 'github_unreachable',
        message: expect.stringContaining('may have been started all the same'),
        remedy: expect.stringContaining(
          'https://github.com/acme/shop/actions/workflows/rollout.yml'
        )
      })
      expect(world.asked().filter(line => line.endsWith('/dispatches'))).toHaveLength(1)
    }
  )

  test('needs a permission, which is named', async () => {
    const { workflows } = world.again({}, { permissions: { contents: 'write', actions: 'read' } })
    expect(await refusalOf(workflows.dispatch('monitor', {}))).toMatchObject({
      code: 'github_forbidden',
      remedy: expect.stringContaining('actions: write')
    })
  })

  test('needs the file on the default branch', async () => {
    const { workflows } = world.again({
      workflows: { rollout: 'other.yml', monitor: 'm.yml', rollback: 'r.yml', timers: undefined }
    })
    const attempts = [() => workflows.dispatch('rollout', {}), () => workflows.enable('rollout')]
    for (const attempt of attempts) {
      expect(await refusalOf(attempt())).toMatchObject({
        code: 'github_not_found',
        remedy: expect.stringContaining('.github/workflows/other.yml')
      })
    }
  })

  test('that is switched off is refused in GitHub’s words', async () => {
    world.simulator.workflowStates.set('rollout.yml', 'disabled_manually')
    expect(await refusalOf(world.workflows.dispatch('rollout', {}))).toMatchObject({
      code: 'github_refused',
      message: expect.stringContaining('disabled workflow')
    })
  })
})

describe('making sure that a schedule runs', () => {
  test('changes nothing when it does', async () => {
    expect(await world.workflows.enable('monitor')).toBe(false)
    expect(world.asked()).toHaveLength(1)
  })

  test.each(['disabled_inactivity', 'disabled_manually'] as const)(
    'switches it on again when it is %s',
    async state => {
      world.simulator.workflowStates.set('rollout-monitor.yml', state)
      expect(await world.workflows.enable('monitor')).toBe(true)
      expect(await world.workflows.enable('monitor')).toBe(false)
    }
  )
})
