import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createGitArchive } from '../../src/git/archive.ts'
import { createRepository, findRepository } from '../../src/git/bare-repository.ts'
import { openBranchRef } from '../../src/git/branch-ref.ts'
import { createFolderArchive } from '../../src/git/folder-archive.ts'
import { openObjectStore } from '../../src/git/object-store.ts'
import { graft } from '../../src/git/tree.ts'
import { startGithubWorld } from '../github/world.ts'
import { type ArchiveWorld, archiveContract } from './ledger-archive.ts'

const branch = 'rollgate-ledger'
const author = { name: 'Rollgate', email: 'rollgate@example.test' }

const temporary = () => mkdtemp(join(tmpdir(), 'rollgate-archive-'))

async function openGit(): Promise<ArchiveWorld> {
  const root = await temporary()
  const folder = join(root, 'ledger.git')
  const store = openObjectStore(folder)
  const ref = openBranchRef(folder, branch)
  return {
    archive: () => createGitArchive({ folder }),
    put: async files => {
      if (!findRepository(folder)) createRepository(folder, branch)
      const parent = ref.read()
      const tree = await graft(store, parent, new Map(Object.entries(files)))
      const commit = { tree, parent, author, atMs: 0, subject: 'By hand' }
      await ref.move(parent, await store.writeCommit(commit))
    },
    close: () => rm(root, { recursive: true })
  }
}

async function openFolder(): Promise<ArchiveWorld & { readonly folder: string }> {
  const folder = await temporary()
  return {
    folder,
    archive: () => createFolderArchive(folder),
    put: async files => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
    },
    close: () => rm(folder, { recursive: true })
  }
}

async function openGithub() {
  const world = await startGithubWorld()
  const { git } = world.simulator
  return {
    world,
    archive: () => world.again().archive,
    put: async (files: Readonly<Record<string, string>>) => {
      await git.commit(branch, files, 'By hand')
    },
    close: world.close
  }
}

archiveContract('A git repository', openGit)
archiveContract('A folder', openFolder)
archiveContract('A branch of a repository on GitHub', openGithub)

test.each([
  ['a git repository', openGit],
  ['a branch on GitHub', openGithub]
])('all that is read of %s is of one commit, whatever is added meanwhile', async (_, open) => {
  const world = await open()
  await world.put({ 'a.md': 'old' })
  const archive = world.archive()
  expect(await archive.list()).toEqual(['a.md'])
  await world.put({ 'a.md': 'new', 'b.md': 'new' })
  expect(await archive.list()).toEqual(['a.md'])
  expect(await archive.read('a.md')).toBe('old')
  expect(await world.archive().read('a.md')).toBe('new')
  await world.close()
})

test('a folder’s links are not followed, and git’s own folder is none of the ledger', async () => {
  const world = await openFolder()
  await world.put({ 'a.md': 'a', '.git/config': '[core]' })
  await symlink('/etc', join(world.folder, 'etc'))
  await symlink(join(world.folder, 'a.md'), join(world.folder, 'b.md'))
  expect(await world.archive().list()).toEqual(['a.md'])
  await world.close()
})

test('a folder that cannot be read is told, not taken for an empty one', async () => {
  const archive = createFolderArchive(join(tmpdir(), 'rollgate-archive-that-is-not-there'))
  await expect(archive.list()).rejects.toMatchObject({ code: 'ledger_unreadable' })
})

test('GitHub is asked a few times for hundreds of files, and with contents: read alone', async () => {
  const { world, put, close } = await openGithub()
  const names = Array.from({ length: 120 }, (_, n) => `x/1/evidence/${n}/reading.json`)
  await put(Object.fromEntries(names.map(name => [name, name])))
  const { archive } = world.again({}, { permissions: { contents: 'read' } })
  world.asked()
  const texts = await Promise.all((await archive.list()).map(path => archive.read(path)))
  expect(texts).toHaveLength(120)
  expect(world.asked()).toEqual([
    'GET /repos/acme/shop/git/ref/heads/rollgate-ledger',
    expect.stringMatching(/^GET \/repos\/acme\/shop\/git\/trees\/[0-9a-f]{40}$/u),
    'POST /graphql',
    'POST /graphql',
    'POST /graphql'
  ])
  await close()
})

test('a ledger that GitHub does not list at once is listed folder by folder', async () => {
  const { world, put, archive, close } = await openGithub()
  const files = ['README.md', 'x/1/a', 'x/1/b', 'x/2/a', 'y/1/a', 'y/1/e/b']
  await put(Object.fromEntries(files.map(name => [name, name])))
  world.simulator.settings.entriesListed = 3
  const listed = await archive().list()
  expect([...listed].sort()).toEqual(files)
  world.simulator.settings.entriesListed = 1
  await expect(archive().list()).rejects.toMatchObject({ code: 'ledger_unreadable' })
  await close()
})
