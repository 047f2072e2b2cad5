import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GithubTestWorld, refusalOf, startGithubWorld } from './world.ts'

let world: GithubTestWorld
beforeEach(async () => {
  world = await startGithubWorld()
})
afterEach(() => world.close())

describe('an environment', () => {
  test('that nobody set up is unknown', async () => {
    expect(await world.gates.inspect('approve-production-full')).toBeUndefined()
  })

  test('without rules lets everything pass', async () => {
    world.simulator.environments.put('staging', { adminsCanBypass: 'unsaid' })
    expect(await world.gates.inspect('staging')).toEqual({
      environment: 'staging',
      reviewers: [],
      waitMs: 0,
      preventsSelfReview: false,
      branches: 'any',
      adminsCanBypass: undefined
    })
  })

  test('tells its reviewers, its timer and what it bars', async () => {
    world.simulator.environments.put('approve/full', {
      waitMinutes: 30,
      reviewers: [
        { kind: 'user', name: 'grace' },
        { kind: 'team', name: 'keepers' }
      ],
      preventSelfReview: true,
      branches: 'protected',
      adminsCanBypass: false
    })
    expect(await world.gates.inspect('approve/full')).toEqual({
      environment: 'approve/full',
      reviewers: [
        { kind: 'user', name: 'grace' },
        { kind: 'team', name: 'keepers' }
      ],
      waitMs: 1_800_000,
      preventsSelfReview: true,
      branches: 'protected',
      adminsCanBypass: false
    })
  })

  test('that selected branches may use says so', async () => {
    world.simulator.environments.put('production', { branches: ['main'] })
    expect(await world.gates.inspect('production')).toMatchObject({ branches: 'selected' })
  })

  test('tells whether administrators pass it, where GitHub says so', async () => {
    world.simulator.environments.put('production', {})
    expect(await world.gates.inspect('production')).toMatchObject({ adminsCanBypass: true })
  })

  test('cannot be asked about without the permission, and that is not the same as unknown', async () => {
    const { gates } = world.again({}, { permissions: { contents: 'read' } })
    expect(await refusalOf(gates.inspect('production'))).toMatchObject({
      code: 'github_forbidden',
      remedy: expect.stringContaining('actions: read')
    })
  })
})

describe('reviews', () => {
  const gate = 'approve-production-full'
  const review = (environment: string, by: string, state: 'approved' | 'rejected', comment = '') =>
    world.simulator.runs.review(world.runId, { environment, by, state, comment })

  beforeEach(() => {
    world.simulator.environments.put(gate, { reviewers: [{ kind: 'user', name: 'grace' }] })
    world.simulator.environments.put('other', {})
  })

  test('of this run for this environment are told, oldest first', async () => {
    review(gate, 'grace', 'rejected', 'not on a Friday')
    review('other', 'eve', 'approved')
    review(gate, 'grace', 'approved', 'go ☕')
    expect(await world.gates.reviews(gate)).toEqual([
      { by: 'grace', state: 'rejected', comment: 'not on a Friday' },
      { by: 'grace', state: 'approved', comment: 'go ☕' }
    ])
  })

  test('of another run are not told', async () => {
    const other = world.simulator.runs.start({
      file: 'rollout.yml',
      event: 'workflow_dispatch',
      actor: 'ada'
    })
    review(gate, 'grace', 'approved')
    const { gates } = world.again({ run: { id: String(other.id), attempt: 1 } })
    expect(await gates.reviews(gate)).toEqual([])
  })

  test('do not exist outside a run, and nobody is asked', async () => {
    const { gates } = world.again({ run: undefined })
    world.asked()
    expect(await gates.reviews(gate)).toEqual([])
    expect(world.asked()).toEqual([])
  })
})
