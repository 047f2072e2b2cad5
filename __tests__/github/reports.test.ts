import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GithubTestWorld, refusalOf, START_MS, startGithubWorld } from './world.ts'

const LABEL = 'customer-report'
const SINCE = new Date(START_MS).toISOString()
const HOUR_MS = 3_600_000

let world: GithubTestWorld
beforeEach(async () => {
  world = await startGithubWorld()
  world.simulator.issueHands.addLabel(LABEL)
  world.asked()
})
afterEach(() => world.close())

const opened = (label = LABEL, reports = world.reports) => reports.openedSince(label, SINCE)
const report = (label = LABEL) => world.simulator.issueHands.report(label)

describe('what it costs', () => {
  test('is one request where something was reported', async () => {
    report()
    await opened()
    expect(world.asked()).toEqual(['GET /repos/acme/shop/issues'])
  })

  test('and a second one, for the label, where nothing was', async () => {
    expect(await opened()).toEqual([])
    expect(world.asked()).toEqual([
      'GET /repos/acme/shop/issues',
      `GET /repos/acme/shop/labels/${LABEL}`
    ])
  })

  test('is a request for every hundred', async () => {
    for (let n = 0; n < 150; n += 1) report()
    expect(await opened()).toHaveLength(150)
    expect(world.asked()).toHaveLength(2)
  })

  test('is no more for issues that are only old: what changed lately is asked for, newest first', async () => {
    for (let n = 0; n < 120; n += 1) report()
    await world.clock.sleep(HOUR_MS)
    report()
    for (const { number } of world.simulator.issues)
      world.simulator.issueHands.setState(number, 'closed')
    const since = new Date(START_MS + HOUR_MS).toISOString()
    world.asked()
    expect(await world.reports.openedSince(LABEL, since)).toHaveLength(1)
    expect(world.asked()).toHaveLength(1)
  })
})

test('an issue that comes in between two pages is counted once or not at all', async () => {
  for (let n = 0; n < 150; n += 1) report()
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await globalThis.fetch(input, init)
    report()
    return answer
  }
  expect(await opened(LABEL, world.again({ fetch }).reports)).toHaveLength(150)
})

test('a pull request is no report', async () => {
  const { git } = world.simulator
  await git.commit('fix', { a: '1' }, 'Fix', { from: 'main' })
  const { url, repository } = world.simulator
  const made = await fetch(`${url}/repos/${repository}/pulls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Fix', head: 'fix', base: 'main' })
  })
  const { number } = (await made.json()) as { number: number }
  world.simulator.issueHands.relabel(number, [LABEL])
  expect(world.simulator.pullRequests).toMatchObject([{ labels: [LABEL] }])
  expect(await opened()).toEqual([])
})

test.each(['büchungs problem', '100% wrong?', 'area/booking', 'a&b=c#d', "it's"])(
  'the label %s is asked for as it is',
  async label => {
    const { issueHands } = world.simulator
    expect(await refusalOf(opened(label))).toMatchObject({ code: 'label_missing' })
    issueHands.addLabel(label)
    expect(await opened(label)).toEqual([])
    issueHands.report(label)
    expect(await opened(label)).toHaveLength(1)
  }
)

test('a label whose address is that of something else is none', async () => {
  const fetch: typeof globalThis.fetch = async (input, init) =>
    new URL(input instanceof Request ? input.url : input).pathname.endsWith('/acme/shop/')
      ? Response.json({ name: 'shop' })
      : globalThis.fetch(input, init)
  const { reports } = world.again({ fetch })
  expect(await refusalOf(opened('..', reports))).toMatchObject({ code: 'label_missing' })
})

test('a label that does not exist comes with the command that makes it', async () => {
  expect(await refusalOf(opened("won't book"))).toMatchObject({
    message: expect.stringContaining('acme/shop'),
    remedy: expect.stringContaining("gh label create 'won'\\''t book' --repo acme/shop")
  })
})

describe('no answer is never taken for silence', () => {
  test('without the permission, which is named', async () => {
    const { reports } = world.again({}, { permissions: { contents: 'write' } })
    expect(await refusalOf(opened(LABEL, reports))).toMatchObject({
      name: 'ProviderError',
      code: 'github_forbidden',
      remedy: expect.stringContaining('issues: read')
    })
  })

  test('and reading is enough', async () => {
    const { reports } = world.again({}, { permissions: { issues: 'read' } })
    expect(await opened(LABEL, reports)).toEqual([])
  })

  const answer = (status: number, headers: Readonly<Record<string, string>> = {}) =>
    ({ kind: 'answer', status, body: { message: 'No' }, headers }) as const

  test.each([
    ['a repository that is hidden', answer(404), 'github_not_found'],
    ['issues that are switched off', answer(410), 'github_refused'],
    ['a token that is no good', answer(401), 'github_token'],
    ['a rate limit that lasts', answer(429, { 'retry-after': '3600' }), 'github_rate_limited'],
    ['a server that fails', answer(502), 'github_unreachable'],
    ['a line that is cut', { kind: 'drop' } as const, 'github_unreachable'],
    ['an answer that cannot be read', { kind: 'garble' } as const, 'github_malformed'],
    [
      'an issue without a time',
      { kind: 'answer', status: 200, body: [{ number: 1, created_at: 'soon' }] } as const,
      'github_malformed'
    ]
  ])('%s', async (_, effect, code) => {
    world.simulator.faults.inject({ path: /\/issues$/u, times: 9, effect })
    expect(await refusalOf(opened())).toMatchObject({ name: 'ProviderError', code })
  })

  test('a page that is missing', async () => {
    for (let n = 0; n < 150; n += 1) report()
    let asked = 0
    const fetch: typeof globalThis.fetch = async (input, init) => {
      asked += 1
      if (asked === 1) return globalThis.fetch(input, init)
      return new Response('{"message":"Bad gateway"}', { status: 502 })
    }
    const { reports } = world.again({ fetch })
    expect(await refusalOf(opened(LABEL, reports))).toMatchObject({ code: 'github_unreachable' })
  })

  test('a label that cannot be asked for', async () => {
    world.simulator.faults.inject({ path: /labels/u, effect: answer(403) })
    expect(await refusalOf(opened())).toMatchObject({ code: 'github_forbidden' })
  })

  test('a server that failed for a moment is asked again', async () => {
    report()
    world.simulator.faults.inject({ path: /\/issues$/u, times: 2, effect: answer(503) })
    expect(await opened()).toHaveLength(1)
  })
})
