import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Ledger } from '../../src/rollout/ports.ts'
import { ConflictError, InputError, ProviderError } from '../../src/rollout/rollgate-error.ts'
import { entryOf, heldEvent } from '../contracts/ledger.ts'
import { type GithubTestWorld, refusalOf, START_MS, startGithubWorld } from './world.ts'

const definition = 'assignment-pipeline-v3'
const branch = 'rollgate-ledger'
const COMMIT = /createCommitOnBranch/u

let world: GithubTestWorld
let ledger: Ledger
beforeEach(async () => {
  world = await startGithubWorld()
  ledger = world.ledger
})
afterEach(() => world.close())

const first = entryOf({ events: [heldEvent(1)], dashboard: '# Rollouts\n' })
const second = (head: string) => entryOf({ expectedHead: head, events: [heldEvent(2)] })
const commits = async () => (await world.simulator.git.history(branch)).length
const graphqlFault = (fault: object) =>
  world.simulator.faults.inject({
    method: 'POST',
    path: /graphql/u,
    body: COMMIT,
    effect: { kind: 'drop' },
    ...fault
  })

describe('what it costs', () => {
  test('a ledger that is not there takes one request to read and four to begin', async () => {
    await ledger.read(definition)
    expect(world.asked()).toEqual(['GET /repos/acme/shop/git/ref/heads/rollgate-ledger'])
    await ledger.append(first)
    expect(world.asked()).toEqual([
      'GET /repos/acme/shop/git/ref/heads/rollgate-ledger',
      'POST /repos/acme/shop/git/trees',
      'POST /repos/acme/shop/git/commits',
      'POST /repos/acme/shop/git/refs'
    ])
  })

  test('an unchanged head is read with one request, and what was read is appended to with one', async () => {
    const head = await ledger.append(first)
    await ledger.read(definition)
    world.asked()
    const reading = await ledger.read(definition)
    expect(world.asked()).toEqual(['GET /repos/acme/shop/git/ref/heads/rollgate-ledger'])
    expect(reading).toEqual({
      head,
      number: 1,
      events: [heldEvent(1)],
      dashboard: '# Rollouts\n'
    })
    await ledger.append(second(head))
    expect(world.asked()).toEqual(['POST /graphql'])
    expect((await ledger.read(definition)).events).toHaveLength(2)
    expect(world.asked()).toHaveLength(1)
  })

  test('a head that somebody else moved is read with two requests', async () => {
    const head = await ledger.append(first)
    await ledger.read(definition)
    await world.again().ledger.append(second(head))
    world.asked()
    expect((await ledger.read(definition)).events).toHaveLength(2)
    expect(world.asked()).toHaveLength(2)
  })

  test('a rollout that is neither the first nor the one read last takes one request more', async () => {
    const head = await ledger.append(first)
    await ledger.append(entryOf({ expectedHead: head, number: 7, events: [heldEvent(1, 'a')] }))
    const other = world.again().ledger
    world.asked()
    expect(await other.read(definition)).toMatchObject({ number: 7, events: [{ id: 'a' }] })
    expect(world.asked()).toHaveLength(3)
  })
})

describe('the branch', () => {
  test('begins with one commit that has no past and holds the entry alone', async () => {
    await ledger.append(first)
    const { git } = world.simulator
    expect(await git.list(branch)).toEqual(
      [`${definition}/1/events.jsonl`, 'README.md', 'vercel.json'].sort()
    )
    expect(await git.history(branch)).toHaveLength(1)
    expect(await git.read('main', 'README.md')).toBe('# Shop\n')
  })

  test('that came to be while the first entry was being written is a conflict', async () => {
    const other = world.again().ledger
    const slow = world.again({
      fetch: async (url, init) => {
        if (String(url).endsWith('/git/refs'))
          await other.append(entryOf({ events: [heldEvent(1, 'faster')] }))
        return fetch(url, init)
      }
    }).ledger
    const error = await refusalOf(slow.append(first))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({ code: 'stale_head' })
    expect((await ledger.read(definition)).events).toMatchObject([{ id: 'faster' }])
  })

  test('of two clients that race each other nothing is lost', async () => {
    const write = async (who: string) => {
      const { ledger } = world.again()
      for (let won = 0; won < 20; ) {
        const { head, events } = await ledger.read(definition)
        const seq = events.length + 1
        try {
          await ledger.append(
            entryOf({ expectedHead: head, events: [heldEvent(seq, `${who}-${seq}`)] })
          )
          won += 1
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error
        }
      }
    }
    await Promise.all([write('ada'), write('bob')])
    const { events } = await world.again().ledger.read(definition)
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(events.filter(({ id }) => id.startsWith('ada'))).toHaveLength(20)
    expect(await commits()).toBe(40)
  }, 60_000)

  test.each(['', 'a..b', '-x'])('cannot be called %j', name => {
    expect(() => world.again({ ledgerBranch: name })).toThrow(InputError)
  })

  test('a name with a slash is a name like any other', async () => {
    const { ledger } = world.again({ ledgerBranch: 'rollgate/ledger' })
    const head = await ledger.append(first)
    expect(await ledger.read(definition)).toMatchObject({ head, number: 1 })
  })
})

describe('an answer that does not come', () => {
  test.each([
    ['is lost', { kind: 'drop' }],
    ['is a 502', { kind: 'answer', status: 502, body: {} }],
    ['cannot be read', { kind: 'garble' }]
  ])('but %s after the commit was made: it is recognised by its events', async (_, effect) => {
    const head = await ledger.append(first)
    graphqlFault({ when: 'after', effect })
    const next = await ledger.append(second(head))
    expect(await ledger.read(definition)).toMatchObject({ head: next, events: [{}, { seq: 2 }] })
    expect(await commits()).toBe(2)
  })

  test.each([
    ['is lost', { kind: 'drop' }],
    ['is a 502', { kind: 'answer', status: 502, body: {} }]
  ])('but %s before the commit was made: it is sent again', async (_, effect) => {
    const head = await ledger.append(first)
    graphqlFault({ effect })
    await ledger.append(second(head))
    expect(await commits()).toBe(2)
  })

  test('for the first entry: the branch is looked at before anything else is done', async () => {
    for (const when of ['before', 'after'] as const) {
      const { ledger } = world.again({ ledgerBranch: `ledger-${when}` })
      world.simulator.faults.inject({ path: /\/git\/refs$/u, when, effect: { kind: 'drop' } })
      const head = await ledger.append(first)
      expect(await ledger.read(definition)).toMatchObject({ head, number: 1 })
      expect(await world.simulator.git.history(`ledger-${when}`)).toHaveLength(1)
    }
  })

  test('and never comes is told, with the head as it was', async () => {
    const head = await ledger.append(first)
    graphqlFault({ times: 9 })
    const error = await refusalOf(ledger.append(second(head)))
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ code: 'github_unreachable' })
    expect((await ledger.read(definition)).head).toBe(head)
    expect(world.clock.now() - START_MS).toBe(3000)
  })

  test('yet tells an older head after our own commit does not hide that commit', async () => {
    const head = await ledger.append(first)
    const next = await ledger.append(second(head))
    for (const status of [200, 404]) {
      const body = { object: { sha: head } }
      world.simulator.faults.inject({
        path: /\/git\/ref\//u,
        effect: { kind: 'answer', status, body }
      })
      expect(await ledger.read(definition)).toMatchObject({ head: next, events: [{}, {}] })
    }
  })

  test('while reads lag behind is waited for, and the entry is found', async () => {
    const head = await ledger.append(first)
    graphqlFault({ when: 'after' })
    const body = { object: { sha: head } }
    world.simulator.faults.inject({
      path: /\/git\/ref\//u,
      times: 2,
      effect: { kind: 'answer', status: 200, body }
    })
    const next = await ledger.append(second(head))
    expect(next).not.toBe(head)
    expect(await ledger.read(definition)).toMatchObject({ head: next, events: [{}, { seq: 2 }] })
    expect(await commits()).toBe(2)
  })

  test('to a read is asked for again', async () => {
    const head = await ledger.append(first)
    const fault = { times: 2, effect: { kind: 'answer', status: 503, body: {} } } as const
    world.simulator.faults.inject({ path: /\/git\/ref\//u, ...fault })
    world.simulator.faults.inject({ path: /graphql/u, ...fault })
    expect(await world.again().ledger.read(definition)).toMatchObject({ head, number: 1 })
  })
})

describe('a refusal', () => {
  test.each(['pull_request', 'update'])(
    'by the rule %s names it and says where to lift it',
    async rule => {
      const head = await ledger.append(first)
      world.simulator.rulesets.add('rollgate-*', ['deletion', 'non_fast_forward', rule])
      const error = await refusalOf(ledger.append(second(head)))
      expect(error).toBeInstanceOf(ProviderError)
      expect(error).toMatchObject({
        code: 'ledger_protected',
        message: expect.stringContaining(`do not let Rollgate write its ledger: ${rule}.`),
        remedy: expect.stringMatching(
          new RegExp(
            `https://github.com/acme/shop/settings/rules .*leave rollgate-ledger out of ${rule};`,
            'u'
          )
        )
      })
      expect((await ledger.read(definition)).head).toBe(head)
    }
  )

  test('by a rule against new branches does the same for the first entry', async () => {
    world.simulator.rulesets.add('*', ['creation'])
    expect(await refusalOf(ledger.append(first))).toMatchObject({
      code: 'ledger_protected',
      message: expect.stringContaining('creation')
    })
  })

  test('by classic branch protection, whose rules nobody may list, does the same', async () => {
    const head = await ledger.append(first)
    const message = 'Changes must be made through a pull request.'
    const errors = [{ type: 'BRANCH_PROTECTION_RULE_VIOLATION', message }]
    graphqlFault({
      effect: {
        kind: 'answer',
        status: 200,
        body: { data: { createCommitOnBranch: null }, errors }
      }
    })
    expect(await refusalOf(ledger.append(second(head)))).toMatchObject({
      code: 'ledger_protected',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining('https://github.com/acme/shop/settings/branches')
    })
  })

  test('that no rule explains is told as it is', async () => {
    const head = await ledger.append(first)
    const errors = [{ type: 'UNPROCESSABLE', message: 'A path was requested which is invalid' }]
    graphqlFault({ effect: { kind: 'answer', status: 200, body: { data: null, errors } } })
    expect(await refusalOf(ledger.append(second(head)))).toMatchObject({
      code: 'github_refused',
      message:
        'GitHub did not accept createCommitOnBranch: HTTP 200, UNPROCESSABLE, A path was requested which is invalid'
    })
  })

  test('is not what blocked force pushes and deletions lead to', async () => {
    world.simulator.rulesets.add('*', ['deletion', 'non_fast_forward', 'required_linear_history'])
    const head = await ledger.append(first)
    await ledger.append(second(head))
    expect(await commits()).toBe(2)
  })

  test('of a token that may not write names the permission', async () => {
    const head = await ledger.append(first)
    const { ledger: reader } = world.again({}, { permissions: { contents: 'read' } })
    expect(await reader.read(definition)).toMatchObject({ head })
    expect(await refusalOf(reader.append(second(head)))).toMatchObject({
      code: 'github_forbidden',
      message: expect.stringContaining('Resource not accessible by integration'),
      remedy: expect.stringContaining('contents: write')
    })
    const fresh = world.again({ ledgerBranch: 'x' }, { permissions: { contents: 'read' } }).ledger
    expect(await refusalOf(fresh.append(first))).toMatchObject({ code: 'github_forbidden' })
  })

  test('for want of a budget that comes back in a moment is waited for', async () => {
    const head = await ledger.append(first)
    graphqlFault({
      effect: {
        kind: 'answer',
        status: 200,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' },
        body: { data: null, errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] }
      }
    })
    await ledger.append(second(head))
    expect(await commits()).toBe(2)
    expect(world.lines).toEqual([expect.stringContaining("GitHub's rate limit is used up")])
  })

  test('for want of a budget that comes back later says when', async () => {
    const head = await ledger.append(first)
    const reset = Math.floor(Date.parse('2037-01-01T00:00:00Z') / 1000)
    graphqlFault({
      effect: {
        kind: 'answer',
        status: 200,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
        body: { data: null, errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] }
      }
    })
    expect(await refusalOf(ledger.append(second(head)))).toMatchObject({
      code: 'github_rate_limited',
      remedy: expect.stringContaining('after 2037-01-01T00:00:00.000Z')
    })
    expect(await commits()).toBe(1)
  })
})

describe('a big ledger', () => {
  test('whose log GitHub cuts off in queries is read whole', async () => {
    const reason = 'x'.repeat(300_000)
    const events = [1, 2, 3].map(
      seq => ({ ...heldEvent(seq), reason }) as ReturnType<typeof heldEvent>
    )
    const head = await ledger.append(entryOf({ events }))
    world.asked()
    const other = world.again().ledger
    expect((await other.read(definition)).events).toEqual(events)
    expect(world.asked()).toHaveLength(3)
    await other.append(entryOf({ expectedHead: head, events: [heldEvent(4)] }))
    expect((await ledger.read(definition)).events).toHaveLength(4)
  })
})
