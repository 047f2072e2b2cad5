import { execFileSync } from 'node:child_process'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import git from 'isomorphic-git'
import { createSourceTree } from '../../src/git/commit-tree.ts'

let folder: string
let root: string
let into: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollgate-commit-'))
  root = join(folder, 'repository')
  into = join(folder, 'into')
  await Promise.all([mkdir(join(root, 'app'), { recursive: true }), mkdir(into)])
  run('init', '--quiet', '--initial-branch=main')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function run(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Priya', '-c', 'user.email=priya@acme.test']
  return execFileSync('git', ['-C', root, ...identity, ...args], {
    encoding: 'utf8',
    stdio: 'pipe'
  }).trim()
}

async function commit(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  run('add', '--all')
  run('commit', '--quiet', '--message', 'a change')
  return run('rev-parse', 'HEAD')
}

describe('a commit', () => {
  test('is written as it was, whatever the folder holds now', async () => {
    const first = await commit({ 'index.html': 'one', 'app/page.html': 'page' })
    await commit({ 'index.html': 'two' })
    await writeFile(join(root, 'left.html'), 'not committed')

    await createSourceTree(root).export(first, into)
    expect((await readdir(into)).sort()).toEqual(['app', 'index.html'])
    expect(await readFile(join(into, 'index.html'), 'utf8')).toBe('one')
    expect(await readFile(join(into, 'app', 'page.html'), 'utf8')).toBe('page')
  })

  test('keeps links, bytes and the right to execute', async () => {
    await writeFile(join(root, 'build.sh'), '#!/bin/sh\n')
    await chmod(join(root, 'build.sh'), 0o755)
    await symlink('build.sh', join(root, 'link'))
    const bytes = Buffer.from([0, 255, 13, 10, 128])
    await writeFile(join(root, 'logo.bin'), bytes)
    const id = await commit({ 'plain.txt': '' })

    await createSourceTree(root).export(id, into)
    expect(await readlink(join(into, 'link'))).toBe('build.sh')
    expect((await lstat(join(into, 'build.sh'))).mode & 0o111).toBe(0o111)
    expect((await lstat(join(into, 'plain.txt'))).mode & 0o111).toBe(0)
    expect(await readFile(join(into, 'logo.bin'))).toEqual(bytes)
  })

  test('is written from packed objects too', async () => {
    const first = await commit({ 'index.html': 'one' })
    await commit({ 'index.html': 'two' })
    run('gc', '--quiet')
    await createSourceTree(root).export(first, into)
    expect(await readFile(join(into, 'index.html'), 'utf8')).toBe('one')
  })

  test('is only the part that is deployed when that is a folder of the repository', async () => {
    const id = await commit({ 'index.html': 'root', 'app/page.html': 'page' })
    await createSourceTree(join(root, 'app')).export(id, into)
    expect(await readdir(into)).toEqual(['page.html'])
  })
})

describe('which commits there are', () => {
  test('begins with the one that is checked out', async () => {
    const source = createSourceTree(join(root, 'app'))
    expect(await source.head()).toBeUndefined()
    const id = await commit({ 'index.html': 'one' })
    expect(await source.head()).toBe(id)
    run('checkout', '--quiet', '--detach')
    expect(await source.head()).toBe(id)
  })

  test('is none outside of a repository', async () => {
    const source = createSourceTree(into)
    expect(await source.head()).toBeUndefined()
    expect(await source.has('a'.repeat(40))).toBe(false)
    await expect(source.export('a'.repeat(40), into)).rejects.toMatchObject({
      name: 'ProviderError',
      code: 'commit_missing',
      message: expect.stringContaining('lies in no repository')
    })
  })
})

describe('a commit is refused when', () => {
  test('the clone is shallow, with the way to get it', async () => {
    const first = await commit({ 'index.html': 'one' })
    await commit({ 'index.html': 'two' })
    const shallow = join(folder, 'shallow')
    run('clone', '--quiet', '--depth=1', `file://${root}`, shallow)
    const source = createSourceTree(shallow)
    expect(await source.has(first)).toBe(false)
    await expect(source.export(first, into)).rejects.toMatchObject({
      code: 'commit_missing',
      message: expect.stringContaining('not in this clone'),
      remedy: expect.stringContaining('fetch-depth: 0')
    })
  })

  test('the folder that is deployed was not in it', async () => {
    const id = await commit({ 'index.html': 'one' })
    await expect(createSourceTree(join(root, 'app')).export(id, into)).rejects.toMatchObject({
      code: 'commit_missing'
    })
  })

  test('a file of it lies in Git LFS', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'
    const id = await commit({ 'video.mp4': pointer })
    await expect(createSourceTree(root).export(id, into)).rejects.toMatchObject({
      code: 'commit_not_whole',
      message: expect.stringContaining('video.mp4 lies in Git LFS')
    })
  })

  test('it has a submodule', async () => {
    const id = await commit({ 'index.html': 'one' })
    run('update-index', '--add', '--cacheinfo', `160000,${id},module`)
    run('commit', '--quiet', '--message', 'a submodule')
    await expect(
      createSourceTree(root).export(run('rev-parse', 'HEAD'), into)
    ).rejects.toMatchObject({
      code: 'commit_not_whole',
      message: expect.stringContaining('module is a submodule')
    })
  })

  test.each(['..', '.git', '.GIT'])('it holds the name %s, which leads elsewhere', async name => {
    const { fs, dir } = { fs: await import('node:fs'), dir: root }
    const oid = await git.writeBlob({ fs, dir, blob: Buffer.from('x') })
    const entry = { mode: '100644', path: name, oid, type: 'blob' } as const
    const tree = await git.writeTree({ fs, dir, tree: [entry] })
    const author = { name: 'x', email: 'x@acme.test', timestamp: 0, timezoneOffset: 0 }
    const commit = { tree, parent: [], author, committer: author, message: 'x\n' }
    const id = await git.writeCommit({ fs, dir, commit })
    await expect(createSourceTree(root).export(id, into)).rejects.toMatchObject({
      name: 'ProviderError'
    })
    expect(await readdir(into)).toEqual([])
  })
})
