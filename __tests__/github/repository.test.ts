import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { entryOf, heldEvent } from '../contracts/ledger.ts'
import { type GithubTestWorld, refusalOf, startGithubWorld } from './world.ts'

let world: GithubTestWorld
beforeEach(async () => {
  world = await startGithubWorld()
})
afterEach(() => world.close())

describe('the facts', () => {
  test('of a fresh repository', async () => {
    expect(await world.repository.inspectRepository()).toEqual({
      name: 'acme/shop',
      private: false,
      defaultBranch: 'main',
      branch: 'main',
      ledger: { branch: 'rollgate-ledger', exists: false, rules: [] },
      workflows: [
        { role: 'rollout', file: 'rollout.yml', state: 'active' },
        { role: 'monitor', file: 'rollout-monitor.yml', state: 'active' },
        { role: 'rollback', file: 'rollout-rollback.yml', state: 'active' }
      ]
    })
  })

  test('of one with a ledger under rules, and workflows that are off or missing', async () => {
    await world.ledger.append(entryOf({ events: [heldEvent(1)] }))
    const { rulesets, settings, workflowStates } = world.simulator
    rulesets.add('rollgate-*', ['deletion', 'required_signatures'])
    rulesets.add('*', ['deletion'])
    settings.private = true
    workflowStates.set('rollout-monitor.yml', 'disabled_inactivity')
    const { repository } = world.again({
      branch: 'feature',
      workflows: {
        rollout: 'gone.yml',
        monitor: 'rollout-monitor.yml',
        rollback: 'rollout-rollback.yml',
        timers: 'rollout-timers.yml'
      }
    })
    expect(await repository.inspectRepository()).toMatchObject({
      private: true,
      branch: 'feature',
      ledger: { exists: true, rules: ['deletion', 'required_signatures'] },
      workflows: [
        { role: 'rollout', state: 'missing' },
        { role: 'monitor', state: 'disabled' },
        { role: 'rollback', state: 'active' },
        { role: 'timers', state: 'missing' }
      ]
    })
  })

  test('leave out the rules that cannot be asked for', async () => {
    world.simulator.faults.inject({
      path: /rules/u,
      effect: { kind: 'answer', status: 403, body: { message: 'Upgrade to GitHub Pro' } }
    })
    const facts = await world.repository.inspectRepository()
    expect(facts?.ledger.rules).toBeUndefined()
  })
})

describe('a file', () => {
  test('of the default branch is read as text', async () => {
    const big = `${'é'.repeat(700_000)}\n`
    await world.simulator.git.commit('main', { 'a b/ü.txt': 'grün\n', 'big.txt': big }, 'More')
    expect(await world.repository.readFile('a b/ü.txt')).toBe('grün\n')
    expect(await world.repository.readFile('big.txt')).toBe(big)
  })

  test.each(['missing.txt', '.github'])(
    'that is not there as a file (%s) is undefined',
    async path => {
      expect(await world.repository.readFile(path)).toBeUndefined()
    }
  )

  test('is never taken for missing because its answer was cut off', async () => {
    world.simulator.faults.inject({ path: /contents/u, effect: { kind: 'garble' } })
    expect(await refusalOf(world.repository.readFile('README.md'))).toMatchObject({
      code: 'github_malformed'
    })
  })
})

describe('an issue', () => {
  const draft = { key: 'shop#1 rollback --> 1', title: 'Rolled back', body: 'Why: **red**' }
  const issues = () => world.simulator.issues

  test('is filed with its label and can be found by its key', async () => {
    const { url } = (await world.repository.fileIssue(draft)) ?? {}
    expect(issues()).toHaveLength(1)
    expect(issues()[0]).toMatchObject({ title: 'Rolled back', labels: ['rollgate'] })
    expect(issues()[0]?.body).toMatch(/^<!-- rollgate: [^>]+ -->\nWhy: \*\*red\*\*$/u)
    expect(url).toBe(`https://github.com/acme/shop/issues/${issues()[0]?.number}`)
  })

  test('that is open already gets a comment instead of a twin', async () => {
    const first = await world.repository.fileIssue(draft)
    const again = await world.again().repository.fileIssue({ ...draft, body: 'and again' })
    expect(again).toEqual(first)
    expect(issues()).toHaveLength(1)
    expect(issues()[0]?.comments.map(({ body }) => body)).toEqual(['and again'])
    await world.repository.fileIssue({ ...draft, key: 'another' })
    expect(issues()).toHaveLength(2)
  })

  test('says nothing twice in a row, however often it is filed', async () => {
    const comments = () => issues()[0]?.comments.map(({ body }) => body)
    await world.repository.fileIssue(draft)
    await world.again().repository.fileIssue(draft)
    expect(comments()).toEqual([])
    for (const body of ['still red', 'still red', 'Why: **red**', 'still red']) {
      await world.again().repository.fileIssue({ ...draft, body })
    }
    expect(comments()).toEqual(['still red', 'Why: **red**', 'still red'])
  })

  test('is found behind a hundred others', async () => {
    const first = await world.repository.fileIssue(draft)
    const { url, repository } = world.simulator
    await Promise.all(
      Array.from({ length: 110 }, (_, n) =>
        fetch(`${url}/repos/${repository}/issues`, {
          method: 'POST',
          headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ title: `Another ${n}`, body: '' })
        })
      )
    )
    expect(issues()).toHaveLength(111)
    expect(await world.repository.fileIssue(draft)).toEqual(first)
  })

  test('that a stranger filed under its key is not taken for it', async () => {
    const { url, repository } = world.simulator
    await fetch(`${url}/repos/${repository}/issues`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        title: 'Nothing to see here',
        body: `<!-- rollgate: ${encodeURIComponent(draft.key)} -->`
      })
    })
    await world.repository.fileIssue(draft)
    expect(issues().map(({ title, comments }) => [title, comments.length])).toEqual([
      ['Nothing to see here', 0],
      ['Rolled back', 0]
    ])
  })

  test('whose answer was lost is found, not filed twice', async () => {
    world.simulator.faults.inject({
      method: 'POST',
      path: /\/issues$/u,
      when: 'after',
      effect: { kind: 'drop' }
    })
    const filed = await world.repository.fileIssue(draft)
    expect(filed?.url).toMatch(/\/issues\/\d+$/u)
    expect(issues()).toHaveLength(1)
  })

  test('that never reached GitHub is told', async () => {
    world.simulator.faults.inject({ method: 'POST', path: /\/issues$/u, effect: { kind: 'drop' } })
    expect(await refusalOf(world.repository.fileIssue(draft))).toMatchObject({
      code: 'github_unreachable'
    })
    expect(issues()).toHaveLength(0)
  })

  test('longer than GitHub takes is cut, its key kept', async () => {
    const long = { ...draft, body: 'x'.repeat(70_000) }
    await world.repository.fileIssue(long)
    await world.repository.fileIssue(long)
    expect(issues()).toHaveLength(1)
    expect(issues()[0]?.body.length).toBeLessThan(65_536)
  })

  test('needs a permission, which is named', async () => {
    const { repository } = world.again({}, { permissions: { issues: 'read' } })
    expect(await refusalOf(repository.fileIssue(draft))).toMatchObject({
      code: 'github_forbidden',
      remedy: expect.stringContaining('issues: write')
    })
  })
})

describe('a proposed change', () => {
  const draft = {
    branch: 'rollgate/graduate-shop',
    title: 'Graduate shop',
    body: 'The values that were proven',
    path: '.env.example',
    content: 'FULL=true\n'
  }
  const pulls = () => world.simulator.pullRequests
  const propose = () => world.again().repository.proposeChange(draft)

  test('is one commit on a branch of the default one, and a pull request', async () => {
    const { url } = (await propose()) ?? {}
    expect(pulls()).toHaveLength(1)
    expect(pulls()[0]).toMatchObject({
      title: 'Graduate shop',
      body: 'The values that were proven',
      pull: { head: draft.branch, base: 'main' }
    })
    expect(url).toBe(`https://github.com/acme/shop/pull/${pulls()[0]?.number}`)
    const { git } = world.simulator
    expect(await git.read(draft.branch, '.env.example')).toBe('FULL=true\n')
    expect(await git.read('main', '.env.example')).toBeUndefined()
    expect(await git.history(draft.branch)).toHaveLength(2)
  })

  test('that is open already is left as it is', async () => {
    const first = await propose()
    const { git } = world.simulator
    await git.commit(draft.branch, { '.env.example': 'FULL=later\n' }, 'By hand')
    expect(await propose()).toEqual(first)
    expect(await git.read(draft.branch, '.env.example')).toBe('FULL=later\n')
    expect(pulls()).toHaveLength(1)
  })

  test('that the default branch holds already is nothing to propose', async () => {
    await world.simulator.git.commit('main', { '.env.example': 'FULL=true\n' }, 'By hand')
    expect(await propose()).toBeUndefined()
    expect(world.simulator.mutations).toBe(0)
  })

  test.each([
    ['the branch', /\/git\/refs$/u],
    ['the commit', /graphql$/u],
    ['the pull request', /\/pulls$/u]
  ])('cut off before or after %s comes to the same end', async (_, path) => {
    for (const when of ['before', 'after'] as const) {
      world.simulator.faults.inject({
        method: 'POST',
        path,
        when,
        times: 2,
        effect: { kind: 'drop' }
      })
      await propose().catch(() => undefined)
      await propose().catch(() => undefined)
      await propose()
      expect(pulls()).toHaveLength(1)
      expect(await world.simulator.git.history(draft.branch)).toHaveLength(2)
    }
  })

  test('that Actions may not make says where that is allowed', async () => {
    world.simulator.settings.actionsMayOpenPullRequests = false
    expect(await refusalOf(propose())).toMatchObject({
      code: 'github_forbidden',
      remedy: expect.stringContaining('https://github.com/acme/shop/settings/actions')
    })
  })

  test('whose branch moves meanwhile is begun again by whoever asked', async () => {
    const { git } = world.simulator
    const { repository } = world.again({
      fetch: async (url, init) => {
        if (String(url).endsWith('/graphql'))
          await git.commit(draft.branch, { other: 'x' }, 'By hand')
        return fetch(url, init)
      }
    })
    expect(await refusalOf(repository.proposeChange(draft))).toMatchObject({ code: 'branch_moved' })
    await propose()
    expect(await git.read(draft.branch, '.env.example')).toBe('FULL=true\n')
  })
})
