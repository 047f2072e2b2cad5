import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { COMMAND, type Ended, PATH, run } from './program.ts'

// Every command is a process of its own, on a machine that may be busy.
jest.setTimeout(120_000)

let folder: string

const replay = (...args: readonly string[]): Promise<Ended> =>
  run(COMMAND, ['replay', ...args], { cwd: folder })

const git = (...args: readonly string[]) =>
  execFileSync('git', args, { cwd: folder, env: { PATH }, stdio: 'pipe' })

const LEDGER = path.join('rehearsal', 'silent-errors', 'ledger.git')
const AGREES = 'every verdict and decision agrees'

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-replay-'))
  // The database server runs under another account where this one is root.
  await chmod(folder, 0o755)
  const rehearsed = await run(COMMAND, ['rehearse', '--scenario', 'silent-errors'], {
    cwd: folder,
    env: { TMPDIR: folder }
  })
  expect(rehearsed.code).toBe(3)
  git('clone', '--quiet', '--branch', 'rollgate-ledger', LEDGER, 'plain')
  await rm(path.join(folder, 'plain', '.git'), { recursive: true })
})
afterAll(() => rm(folder, { recursive: true }))

/** The checked-out files of the ledger, in a folder of their own. */
async function copy(name: string): Promise<string> {
  await cp(path.join(folder, 'plain'), path.join(folder, name), { recursive: true })
  return path.join(folder, name, 'assignment-pipeline-v3', '1')
}

test('what a rehearsal leaves comes to the same again, named by its folder, as a repository and as files', async () => {
  for (const place of ['rehearsal/silent-errors', LEDGER, `file:${LEDGER}`, 'plain']) {
    const { code, stdout, stderr } = await replay(place)
    expect({ place, code, stderr }).toEqual({
      place,
      code: 0,
      stderr: expect.stringMatching(/^assignment-pipeline-v3#1 \(1 of 1\): reading \d+ files\n$/u)
    })
    expect(stdout).toContain(AGREES)
  }
})

test('a clone that people work in has fetched the ledger’s branch', async () => {
  git('init', '--quiet', 'shop')
  git('-C', 'shop', 'remote', 'add', 'origin', path.join(folder, LEDGER))
  expect(await replay('shop')).toMatchObject({ code: 1 })
  git('-C', 'shop', 'fetch', '--quiet', 'origin', 'rollgate-ledger')
  const { code, stdout } = await replay('shop')
  expect([code, stdout.split('\n')[0]]).toEqual([
    0,
    `## Replay of shop/.git (origin/rollgate-ledger): ${AGREES}`
  ])
})

test('a number that was changed is told with both values, and by the exit code', async () => {
  const rollout = await copy('changed')
  const log = await readFile(path.join(rollout, 'events.jsonl'), 'utf8')
  const red = log.split('\n').map(line => JSON.parse(line || '{}'))
  const { seq, evidence } = red.find(({ decision }) => decision === 'rollback')
  const file = path.join(rollout, evidence, 'reading.json')
  const kept = JSON.parse(await readFile(file, 'utf8'))
  for (const row of kept.reading.answers.outcomes.rows) row.hits = row.total
  await writeFile(file, `${JSON.stringify(kept, null, 1)}\n`)

  const { code, stdout } = await replay('changed', '--json')
  expect(code).toBe(3)
  const document = JSON.parse(stdout)
  expect(document).toMatchObject({ version: 1, operation: 'replay', outcome: 'differs' })
  const [{ disagreeing }] = document.rollouts
  expect(disagreeing).toHaveLength(1)
  expect(disagreeing[0]).toMatchObject({ seq, outcome: 'differs', obstacle: null })
  const field = 'judgements.success-rate.verdict'
  expect(disagreeing[0].differences).toContainEqual(
    expect.objectContaining({ field, recorded: 'red' })
  )
  const told = await replay('changed')
  expect(told.stdout).toContain(`| \`${field}\` | <code>"red"</code> |`)
})

test('evidence that is gone is neither equal nor different', async () => {
  const rollout = await copy('gone')
  await rm(path.join(rollout, 'definitions'), { recursive: true })
  const { code, stdout } = await replay('gone')
  expect(code).toBe(2)
  expect(stdout).toContain('nothing differs, but not everything can be made again')
  expect(stdout).toContain('the definition that it was judged by, is missing')
})

test.each([
  ['a place where nothing is', ['nowhere'], 'ledger_missing', 'nothing is there'],
  ['an empty folder', ['empty'], 'ledger_missing', 'the folder holds none'],
  ['a file', ['file.txt'], 'ledger_missing', 'it is no folder'],
  [
    'what lies above a ledger',
    ['rehearsal'],
    'ledger_missing',
    'Did you mean rehearsal/silent-errors?'
  ],
  ['a repository without a rollout', ['bare.git'], 'replay_nothing', 'holds no rollout'],
  [
    'a name that is mistyped',
    ['plain', '--definition', 'asignment-pipeline-v3'],
    'replay_nothing',
    'Did you mean --definition assignment-pipeline-v3?'
  ],
  ['a branch, without a token', ['branch:rollgate-ledger'], 'ledger_needs_github', 'GITHUB_TOKEN'],
  ['no number', ['plain', '--number', 'one'], '', 'Write the number of a rollout']
])('%s is refused with the way out', async (_, args, code, words) => {
  await mkdir(path.join(folder, 'empty'), { recursive: true })
  await writeFile(path.join(folder, 'file.txt'), 'text')
  git('init', '--quiet', '--bare', 'bare.git')
  const refused = await replay(...args)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain(words)
  expect(refused.stderr).toContain(code)
  expect(refused.stderr).not.toContain('    at ')
})
