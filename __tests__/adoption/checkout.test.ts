import { promises as fs } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import git from 'isomorphic-git'
import {
  defaultBranch,
  findCheckout,
  githubRepository,
  isRoot,
  publishedCommit
} from '../../src/git/checkout.ts'

let dir: string
let commit: string
const author = { name: 'Ann', email: 'ann@localhost' }
const PARTS = ['action.yml', 'dist']

async function write(file: string, text: string): Promise<void> {
  await fs.mkdir(path.dirname(path.join(dir, file)), { recursive: true })
  await fs.writeFile(path.join(dir, file), text)
}

async function commitAll(): Promise<string> {
  await git.add({ fs, dir, filepath: '.' })
  return git.commit({ fs, dir, message: 'x', author })
}

const publish = (oid: string, branch = 'main') =>
  git.writeRef({ fs, dir, ref: `refs/remotes/origin/${branch}`, value: oid, force: true })

beforeEach(async () => {
  dir = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'rollgate-checkout-')))
  await git.init({ fs, dir, defaultBranch: 'main' })
  await git.addRemote({ fs, dir, remote: 'origin', url: 'https://github.com/acme/rollgate.git' })
  await write('action.yml', 'a')
  await write('dist/index.js', 'b')
  commit = await commitAll()
})
afterEach(() => fs.rm(dir, { recursive: true }))

test.each([
  ['https://github.com/acme/shop.git', 'acme/shop'],
  ['https://github.com/acme/shop', 'acme/shop'],
  ['https://x-access-token:hush@github.com/acme/shop.js.git/', 'acme/shop.js'],
  ['git@github.com:acme/shop.git', 'acme/shop'],
  ['github.com:acme/shop', 'acme/shop'],
  ['ssh://git@github.com:22/acme/shop.git', 'acme/shop'],
  ['https://gitlab.com/acme/shop.git', undefined],
  ['https://github.com.evil.example/acme/shop', undefined],
  ['/srv/git/shop.git', undefined]
])('the remote %s is %s', async (url, repository) => {
  await git.addRemote({ fs, dir, remote: 'origin', url, force: true })
  expect(await githubRepository(dir)).toBe(repository)
})

test('without a remote there is no repository', async () => {
  await git.deleteRemote({ fs, dir, remote: 'origin' })
  expect(await githubRepository(dir)).toBeUndefined()
})

test.each([
  ['ref: refs/remotes/origin/trunk\n', 'trunk'],
  ['ref: refs/remotes/origin/release/2\n', 'release/2'],
  ['ref: refs/heads/main\n', undefined]
])('the default branch of a remote that says %j is %s', async (text, branch) => {
  expect(await defaultBranch(dir)).toBeUndefined()
  await write('.git/refs/remotes/origin/HEAD', text)
  expect(await defaultBranch(dir)).toBe(branch)
})

describe('the commit', () => {
  test('is known when a branch of the remote ends in it', async () => {
    await publish(commit)
    expect(await publishedCommit(dir, PARTS)).toBe(commit)
  })

  test('is known when a branch of the remote has gone on from it', async () => {
    await write('README.md', 'later')
    const later = await commitAll()
    await publish(later)
    await git.writeRef({ fs, dir, ref: 'refs/heads/main', value: commit, force: true })
    expect(await publishedCommit(dir, PARTS)).toBe(commit)
  })

  test('is none when nobody else can fetch it', async () => {
    expect(await publishedCommit(dir, PARTS)).toBeUndefined()
    await publish(commit)
    await write('dist/index.js', 'c')
    await commitAll()
    expect(await publishedCommit(dir, PARTS)).toBeUndefined()
  })

  test.each(['dist/index.js', 'dist/more.js', 'action.yml'])(
    'is none when %s is not as it was committed',
    async file => {
      await publish(commit)
      await write(file, 'changed')
      expect(await publishedCommit(dir, PARTS)).toBeUndefined()
    }
  )

  test('does not mind what is no part of what runs', async () => {
    await publish(commit)
    await write('notes.txt', 'changed')
    expect(await publishedCommit(dir, PARTS)).toBe(commit)
  })
})

test('a folder is the root of its repository, or lies in it', async () => {
  expect(await findCheckout(path.join(dir, 'dist'))).toBe(dir)
  expect(isRoot(dir, dir)).toBe(true)
  expect(isRoot(path.join(dir, 'dist'), dir)).toBe(false)
  expect(isRoot('/anywhere', undefined)).toBe(true)
})
