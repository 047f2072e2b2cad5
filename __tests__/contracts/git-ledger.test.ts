import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'
import git from 'isomorphic-git'
import { openBranchRef } from '../../src/git/branch-ref.ts'
import { createGitLedger } from '../../src/git/ledger.ts'
import { openObjectStore } from '../../src/git/object-store.ts'
import { findEntry, graft } from '../../src/git/tree.ts'
import type { Ledger } from '../../src/rollout/ports.ts'
import { entryOf, heldEvent, type LedgerWorld, ledgerContract } from './ledger.ts'

const branch = 'rollgate-ledger'
const author = { name: 'Rollgate', email: 'rollgate@example.test' }
const nowMs = Date.UTC(2026, 0, 5, 9)
const definition = 'assignment-pipeline-v3'
const withGit = spawnSync('git', ['--version']).status === 0 ? test : test.skip

const temporary = () => mkdtemp(join(tmpdir(), 'rollgate-ledger-'))
const clientOf = (folder: string): Ledger => createGitLedger({ folder, author, now: () => nowMs })
const gitIn = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: 'pipe' })

async function openWorld(): Promise<LedgerWorld> {
  const root = await temporary()
  const folder = join(root, 'ledger.git')
  const store = openObjectStore(folder)
  const ref = openBranchRef(folder, branch)
  return {
    client: () => clientOf(folder),
    content: async path => {
      const entry = await findEntry(store, ref.read() ?? '', path)
      return entry && store.readText(entry.oid)
    },
    history: async () => {
      const commits = await git.log({ fs, gitdir: folder, ref: branch })
      return commits.map(({ commit }) => commit.message.trimEnd())
    },
    overwrite: async (path, text) => {
      const parent = ref.read()
      const tree = await graft(store, parent, new Map([[path, text]]))
      const commit = { tree, parent, author, atMs: nowMs, subject: 'By hand' }
      await ref.move(parent, await store.writeCommit(commit))
    },
    close: () => rm(root, { recursive: true, force: true })
  }
}

ledgerContract('A git repository', openWorld)

describe('the git ledger on disk', () => {
  let root: string
  let folder: string
  let ledger: Ledger
  let lock: string
  beforeEach(async () => {
    root = await temporary()
    folder = join(root, 'ledger.git')
    lock = join(folder, `refs/heads/${branch}.lock`)
    ledger = clientOf(folder)
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  const first = entryOf({ events: [heldEvent(1)], dashboard: '# Rollouts\n' })
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'succeeded',
      error => error
    )

  test('reading makes nothing on disk', async () => {
    await ledger.read(definition)
    expect(existsSync(folder)).toBe(false)
  })

  withGit('git reads it and finds nothing wrong', async () => {
    const strange = createGitLedger({
      folder,
      author: { name: ' A <b>\nc ', email: '<a@b>' },
      now: () => nowMs + 999
    })
    const files = ['a', 'a.b/c', 'a-b', 'evidence/T+6h/ü.csv'].map(path => ({
      path,
      content: path
    }))
    const head = await ledger.append(first)
    await strange.append(entryOf({ expectedHead: head, events: [heldEvent(2)], files }))
    expect(gitIn(folder, 'fsck', '--strict', '--full')).toBe('')
    expect(gitIn(folder, 'log', '--format=%an <%ae> %aI %s')).toBe(
      `A b c <a@b> 2026-01-05T09:00:00+00:00 Hold assignment-pipeline-v3#1\n` +
        `Rollgate <rollgate@example.test> 2026-01-05T09:00:00+00:00 Hold assignment-pipeline-v3#1\n`
    )
    expect(gitIn(folder, 'show', `${branch}:README.md`)).toBe('# Rollouts\n')
    expect(gitIn(folder, 'rev-parse', '--is-bare-repository')).toBe('true\n')
  })

  withGit('goes on after git has packed everything', async () => {
    const head = await ledger.append(first)
    const packed = await clientOf(folder).append(
      entryOf({ expectedHead: head, events: [heldEvent(2)] })
    )
    gitIn(folder, 'gc', '--quiet')
    expect(existsSync(join(folder, `refs/heads/${branch}`))).toBe(false)
    expect(await ledger.read(definition)).toMatchObject({ head: packed, number: 1 })
    await ledger.append(entryOf({ expectedHead: packed, events: [heldEvent(3)] }))
    expect((await ledger.read(definition)).events).toHaveLength(3)
    expect(gitIn(folder, 'fsck', '--strict', '--full')).toBe('')
  })

  withGit('git and the ledger respect each other’s moves', async () => {
    const head = await ledger.append(first)
    const tree = gitIn(folder, 'rev-parse', `${branch}^{tree}`).trim()
    const byHand = gitIn(
      folder,
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'commit-tree',
      tree,
      '-p',
      head,
      '-m',
      'By hand'
    ).trim()
    gitIn(folder, 'update-ref', `refs/heads/${branch}`, byHand, head)
    expect(
      await failure(ledger.append(entryOf({ expectedHead: head, events: [heldEvent(2)] })))
    ).toMatchObject({ code: 'stale_head' })
    await ledger.append(entryOf({ expectedHead: byHand, events: [heldEvent(2)] }))
    expect(() => gitIn(folder, 'update-ref', `refs/heads/${branch}`, head, byHand)).toThrow()
  })

  withGit('works in a repository that git made, beside its other branches', async () => {
    gitIn(root, 'init', '--quiet', '--bare', '-b', 'main', 'ledger.git')
    await ledger.append(first)
    expect(gitIn(folder, 'log', '--format=%s', branch)).toBe('Hold assignment-pipeline-v3#1\n')
    expect(readFileSync(join(folder, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n')
  })

  test('an entry that dies before its ref moves leaves the old state, and can be repeated', async () => {
    const head = await ledger.append(first)
    const next = entryOf({ expectedHead: head, events: [heldEvent(2)] })
    const dying = createGitLedger({
      folder,
      author,
      now: () => {
        throw new Error('killed')
      }
    })
    expect(await failure(dying.append(next))).toMatchObject({ code: 'ledger_unwritable' })
    expect(await ledger.read(definition)).toMatchObject({ head, events: [{ seq: 1 }] })
    await ledger.append(next)
    expect((await ledger.read(definition)).events).toHaveLength(2)
  })

  test('a repository whose making was cut short is finished', async () => {
    mkdirSync(join(folder, 'objects/info'), { recursive: true })
    expect((await ledger.read(definition)).head).toBeUndefined()
    await ledger.append(first)
    expect((await ledger.read(definition)).number).toBe(1)
  })

  test('a lock left by a killed process is named, not broken; without it everything goes on', async () => {
    const head = await ledger.append(first)
    writeFileSync(lock, '')
    const next = entryOf({ expectedHead: head, events: [heldEvent(2)] })
    expect(await failure(ledger.append(next))).toMatchObject({
      code: 'ledger_locked',
      remedy: expect.stringContaining(`delete ${lock}`)
    })
    expect(existsSync(lock)).toBe(true)
    expect(await ledger.read(definition)).toMatchObject({ head, events: [{ seq: 1 }] })
    await rm(lock)
    await ledger.append(next)
    expect(existsSync(lock)).toBe(false)
  })

  test('a lock that is held for a moment is waited for', async () => {
    const head = await ledger.append(first)
    writeFileSync(lock, '')
    const waiting = ledger.append(entryOf({ expectedHead: head, events: [heldEvent(2)] }))
    setImmediate(() => rm(lock))
    await waiting
    expect((await ledger.read(definition)).events).toHaveLength(2)
  })

  test('nothing is left beside the objects and the ref', async () => {
    const head = await ledger.append(first)
    await failure(ledger.append(entryOf({ events: [heldEvent(2)] })))
    await ledger.append(entryOf({ expectedHead: head, events: [heldEvent(2)] }))
    const names = readdirSync(folder, { recursive: true }).map(String)
    expect(names.filter(name => /tmp_|\.lock$|\.\d+$/u.test(name))).toEqual([])
  })

  test('a branch that names no commit is an error, not an empty ledger', async () => {
    await ledger.append(first)
    writeFileSync(join(folder, `refs/heads/${branch}`), '')
    expect(await failure(ledger.read(definition))).toMatchObject({ code: 'ledger_unreadable' })
  })

  test('a lost object is an error with a place to look', async () => {
    const head = await ledger.append(first)
    await rm(join(folder, 'objects', head.slice(0, 2)), { recursive: true })
    expect(await failure(ledger.read(definition))).toMatchObject({
      code: 'ledger_unreadable',
      remedy: expect.stringContaining('fsck')
    })
  })

  test.each([
    ['another folder', 'notes.txt', 'hello'],
    ['a repository with reftables', 'config', '[extensions]\n\trefstorage = reftable\n'],
    ['a repository with SHA-256', 'config', '[extensions]\n\tobjectformat = sha256\n']
  ])('refuses %s', async (_, file, text) => {
    mkdirSync(folder)
    writeFileSync(join(folder, file), text)
    expect(await failure(ledger.read(definition))).toMatchObject({ code: 'ledger_folder' })
    expect(await failure(ledger.append(first))).toMatchObject({ code: 'ledger_folder' })
    expect(readdirSync(folder)).toEqual([file])
  })

  test.each(['', '-x', 'a..b', 'a.lock', 'a b', '../x', 'a/'])('refuses the branch %j', name => {
    expect(() => createGitLedger({ folder, branch: name, author, now: () => nowMs })).toThrow(
      'cannot be the ledger’s branch'
    )
  })
})

describe('the git ledger between processes', () => {
  let root: string
  let program: string
  beforeAll(async () => {
    root = await temporary()
    program = join(root, 'writer.mjs')
    const source = `
      import { createGitLedger } from '../../src/git/ledger.ts'
      const [, , folder, who, count] = process.argv
      const author = { name: who, email: 'x@example.test' }
      const ledger = createGitLedger({ folder, author, now: () => 0 })
      const at = '2026-01-05T09:00:00Z'
      for (let won = 0; won < Number(count); ) {
        const { head, events } = await ledger.read('${definition}')
        const seq = events.length + 1
        const event = { seq, id: who + seq, at, by: who, run: 'r', kind: 'resumed', reason: who }
        try {
          await ledger.append({ definition: '${definition}', number: 1, expectedHead: head, events: [event], files: [], message: who })
          won += 1
          console.log(seq)
        } catch (error) {
          if (error.code !== 'stale_head') throw error
        }
      }`
    buildSync({
      stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: {
        js: "import { createRequire as _r } from 'node:module'\nconst require = _r(import.meta.url)"
      }
    })
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const start = (folder: string, who: string, count: number) =>
    spawn(process.execPath, [program, folder, who, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit']
    })

  test('three processes write in turns and lose nothing', async () => {
    const folder = join(root, 'shared.git')
    const writers = ['ada', 'bob', 'eve'].map(who => start(folder, who, 15))
    const codes = await Promise.all(writers.map(writer => once(writer, 'exit')))
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0])
    const { events } = await clientOf(folder).read(definition)
    expect(events).toHaveLength(45)
    const of = (who: string) => events.filter(event => event.by === who)
    expect(['ada', 'bob', 'eve'].map(who => of(who).length)).toEqual([15, 15, 15])
    const commits = await git.log({ fs, gitdir: folder, ref: branch })
    expect(commits).toHaveLength(45)
  }, 60_000)

  test('a process killed while it writes leaves a whole ledger that others go on with', async () => {
    const folder = join(root, 'killed.git')
    for (let round = 1; round <= 4; round += 1) {
      const writer = start(folder, `mallory-${round}-`, 1000)
      const lines = createInterface(writer.stdout)
      let seen = 0
      for await (const line of lines) {
        seen = Number(line)
        if (seen >= round * 7) break
      }
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      await rm(join(folder, `refs/heads/${branch}.lock`), { force: true })
      const { head, events } = await clientOf(folder).read(definition)
      expect(events.length).toBeGreaterThanOrEqual(seen)
      const next = heldEvent(events.length + 1, `after-${round}`)
      await clientOf(folder).append(entryOf({ expectedHead: head, events: [next] }))
    }
    const log = await git.log({ fs, gitdir: folder, ref: branch })
    expect(log.length).toBe((await clientOf(folder).read(definition)).events.length)
    if (spawnSync('git', ['--version']).status === 0) {
      expect(gitIn(folder, 'fsck', '--strict', '--full', '--no-dangling')).toBe('')
    }
  }, 60_000)
})
