import { expect, test } from '@jest/globals'
import { PLAIN_TARGET } from '../../src/rollout/deployed-code.ts'
import { judgeProject } from '../../src/rollout/preflight.ts'
import { judgeTarget } from '../../src/rollout/target-preflight.ts'

type Asked = Parameters<typeof judgeTarget>[0]

const OLD = 'a'.repeat(40)
const NEW = 'b'.repeat(40)
const live = { id: 'dpl_1', commit: OLD }

const judged = (
  how: Partial<Asked['how']>,
  facts: Partial<Asked['facts']> = {},
  more: Partial<Asked> = {}
) =>
  judgeTarget({
    target: 'production',
    how: { ...PLAIN_TARGET, ...how },
    project: { name: 'shop', repository: 'acme/shop' },
    facts: { live, liveIsHere: true, ...facts },
    ...more
  })

test.each([
  ['an upload of what serves already', {}, { head: OLD }, 'deploy: cli, commit: head'],
  ['an upload of a folder without a repository', {}, {}, 'deploy: cli, commit: head'],
  [
    'a staged commit of the repository',
    { deploy: 'git', commit: 'live', staged: true } as const,
    { liveIsHere: false },
    'deploy: git, commit: live, staged'
  ]
])('%s is in order', (_, how, facts, message) => {
  expect(judged(how, facts)).toEqual([{ name: 'deploying to production', outcome: 'ok', message }])
})

test('a preview with a domain of its own is in order', () => {
  const how = { deploy: 'git', commit: 'live', alias: 'staging.shop.example' } as const
  expect(judged(how, { alias: 'here' }, { target: 'preview' })).toEqual([
    {
      name: 'deploying to preview',
      outcome: 'ok',
      message: 'deploy: git, commit: live, alias: staging.shop.example'
    }
  ])
})

const git = { deploy: 'git', commit: 'live' } as const
const upload = { deploy: 'cli', commit: 'live' } as const

test.each<[string, Partial<Asked['how']>, Partial<Asked['facts']>, Partial<Asked>, string, RegExp]>(
  [
    ['no repository', git, {}, { project: { name: 'shop' } }, 'fail', /no repository connected/u],
    [
      'a domain of another project',
      { alias: 'x.example' },
      { alias: 'elsewhere' },
      {},
      'fail',
      /another project/u
    ],
    [
      'a commit nobody knows',
      upload,
      { live: { id: 'dpl_1' } },
      {},
      'fail',
      /does not tell the commit of dpl_1/u
    ],
    [
      'a shallow clone',
      upload,
      { liveIsHere: false },
      {},
      'warn',
      /aaaaaaa, .* not in this clone/u
    ],
    [
      'other commits',
      {},
      { head: NEW },
      {},
      'warn',
      /also brings other commits: .* aaaaaaa, and bbbbbbb/u
    ],
    ['a preview of any branch', upload, {}, { target: 'preview' }, 'warn', /of any branch/u],
    ['what was built before', { prebuilt: true }, {}, {}, 'warn', /built before the flags are set/u]
  ]
)('%s is told', (_, how, facts, more, outcome, message) => {
  const items = judged(how, facts, more)
  expect(items).toEqual([
    expect.objectContaining({ outcome, message: expect.stringMatching(message) })
  ])
  expect(items[0]?.remedy).toBeDefined()
})

test('nothing that serves is told', () => {
  const items = judgeTarget({
    target: 'production',
    how: { ...PLAIN_TARGET, ...git },
    project: { name: 'shop', repository: 'acme/shop' },
    facts: { liveIsHere: false }
  })
  expect(items).toMatchObject([
    { outcome: 'warn', message: expect.stringContaining('nothing serves production yet') }
  ])
})

test('rolling releases are in order only where they are completed and none is under way', () => {
  const project = { id: 'prj_1', name: 'shop', autoAssignsProduction: true, rollingRelease: true }
  const outcome = (...args: Parameters<typeof judgeProject>) =>
    judgeProject(...args).find(({ name }) => name === 'rolling release')?.outcome
  expect(outcome(project)).toBe('fail')
  expect(outcome(project, 'complete')).toBe('ok')
  expect(outcome({ ...project, releasing: 'dpl_9' }, 'complete')).toBe('fail')
  expect(outcome({ ...project, rollingRelease: false }, 'complete')).toBe('ok')
})
