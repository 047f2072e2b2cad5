import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createGh } from '../../src/github/gh.ts'
import { PATH } from '../bundle/program.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-gh-'))
  const script = '#!/bin/sh\nprintf %s "$SAYS"\nprintf %s "$COMPLAINS" >&2\nexit "$ENDS"\n'
  await writeFile(path.join(folder, 'gh'), script)
  await chmod(path.join(folder, 'gh'), 0o755)
})
afterAll(() => rm(folder, { recursive: true }))

/** A `gh` that says this, whatever it is asked. */
function saying(ends: number, says: string, complains = '') {
  const env = { PATH: `${folder}:${PATH}`, ENDS: `${ends}`, SAYS: says, COMPLAINS: complains }
  return createGh({ cwd: folder, repository: 'acme/shop', env, asks: false })
}

describe('a command', () => {
  test('that goes well leaves nothing to say', async () => {
    expect(await saying(0, '{}').run({ args: ['api'] })).toBeUndefined()
  })

  test('that fails because all is as it should be is done', async () => {
    const gh = saying(1, '', 'gh: HTTP 303')
    expect(await gh.run({ args: ['api'], settled: 'HTTP 303' })).toBeUndefined()
    expect(await gh.run({ args: ['api'] })).toBe('gh: HTTP 303')
    expect(await gh.run({ args: ['api'], settled: 'HTTP 409' })).toBe('gh: HTTP 303')
  })

  test('whose lookup fails is not done, whatever it was to say', async () => {
    const command = { args: ['api', '<id>'], lookups: { '<id>': ['api'] }, settled: 'HTTP 404' }
    expect(await saying(1, '', 'HTTP 404').run(command)).toBe('HTTP 404')
  })
})

describe('what makes an environment wait', () => {
  const answer = (...rules: readonly unknown[]) => JSON.stringify({ protection_rules: rules })

  test.each([
    ['no rules', '{}', { reviewers: false, waitMinutes: 0 }],
    ['branches', answer({ type: 'branch_policy' }), { reviewers: false, waitMinutes: 0 }],
    [
      'people',
      answer({ type: 'required_reviewers', reviewers: [{ type: 'User' }] }),
      { reviewers: true, waitMinutes: 0 }
    ],
    [
      'a timer',
      answer({ type: 'wait_timer', wait_timer: 30 }),
      { reviewers: false, waitMinutes: 30 }
    ]
  ])('is told of %s', async (_, says, guard) => {
    expect(await saying(0, says).guardOf('production')).toEqual(guard)
  })

  test('is nothing where there is no environment', async () => {
    const gh = saying(1, '{"message":"Not Found"}', 'gh: Not Found (HTTP 404)')
    expect(await gh.guardOf('production')).toBeUndefined()
  })

  test.each([
    ['refuses', 1, '', 'gh: Forbidden (HTTP 403)'],
    ['says something else', 0, 'hello', ''],
    ['says it in another form', 0, '{"protection_rules":1}', '']
  ])('is an error when gh %s', async (_, ends, says, complains) => {
    await expect(saying(ends, says, complains).guardOf('production')).rejects.toMatchObject({
      name: 'ProviderError',
      code: 'gh_failed',
      message: expect.stringContaining(complains)
    })
  })
})
