import { describe, expect, test } from '@jest/globals'
import { codeFor, NO_SOURCE } from '../../src/rollout/deployed-code.ts'
import type { Deployment } from '../../src/rollout/ports.ts'

const COMMIT = 'c'.repeat(40)

const deployed = (commit?: string): Deployment => ({
  id: 'dpl_1',
  url: 'https://shop-1-acme.vercel.app',
  target: 'preview',
  state: 'ready',
  createdAt: '2026-03-02T09:00:00.000Z',
  ...(commit === undefined ? {} : { commit })
})

const wanted = { target: 'preview', like: undefined, live: undefined } as const

describe('the code that is deployed', () => {
  test.each(['cli', 'git'] as const)('is the newest when the head is wanted (%s)', deploy => {
    const how = { deploy, commit: 'head' } as const
    expect(codeFor({ ...wanted, how, live: deployed(COMMIT) })).toEqual({ kind: 'newest' })
  })

  test('is what serves when only flags are to change', () => {
    const how = { deploy: 'cli', commit: 'live' } as const
    expect(codeFor({ ...wanted, how, live: deployed(COMMIT) })).toEqual({
      kind: 'commit',
      commit: COMMIT
    })
  })

  test('is the newest when nothing serves yet', () => {
    expect(codeFor({ ...wanted, how: { deploy: 'git', commit: 'live' } })).toEqual({
      kind: 'newest'
    })
  })

  test.each([
    ['cli', 'the working directory'],
    ['git', 'the newest commit of the production branch']
  ] as const)('is refused when nobody knows the commit that serves (%s)', (deploy, head) => {
    const how = { deploy, commit: 'live' } as const
    expect(() => codeFor({ ...wanted, how, live: deployed() })).toThrow(
      expect.objectContaining({
        code: 'commit_unknown',
        message: expect.stringContaining('dpl_1'),
        remedy: expect.stringContaining(head)
      })
    )
  })
})

describe('the code of a way back', () => {
  test.each(['live', 'head'] as const)('is that of the old deployment, also with %s', commit => {
    const like = { id: 'dpl_1', deployment: deployed(COMMIT) }
    expect(codeFor({ ...wanted, how: { deploy: 'cli', commit }, like })).toEqual({
      kind: 'commit',
      commit: COMMIT,
      instead: expect.stringContaining('the newest code is deployed to preview instead')
    })
  })

  test.each([
    ['whose commit nobody knows', deployed()],
    ['that is gone', undefined]
  ])('is the newest, with a warning, for a deployment %s', (_, deployment) => {
    const like = { id: 'dpl_1', deployment }
    expect(codeFor({ ...wanted, how: { deploy: 'git', commit: 'live' }, like })).toEqual({
      kind: 'newest',
      warning: expect.stringContaining('Nobody knows the commit of dpl_1')
    })
  })
})

test('where there is no repository no commit can be had', async () => {
  expect(await NO_SOURCE.head()).toBeUndefined()
  expect(await NO_SOURCE.has(COMMIT)).toBe(false)
  await expect(NO_SOURCE.export(COMMIT, '/nowhere')).rejects.toMatchObject({
    code: 'commit_missing'
  })
})
