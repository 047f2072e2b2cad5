import { spawnSync } from 'node:child_process'
import { chmod, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { OPERATIONS } from '../../src/inputs.ts'
import { COMMAND, run } from './program.ts'

// Every command is a process of its own, on a machine that may be busy.
jest.setTimeout(60_000)

const rollgate = (...args: readonly string[]) => run(COMMAND, args, { cwd: folder })

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-help-'))
  await chmod(folder, 0o755)
})
afterAll(() => rm(folder, { recursive: true }))

test('every command’s help goes to standard output and names no path of this machine', async () => {
  const commands = ['', ...OPERATIONS, 'judge', 'rehearse']
  const helps = await Promise.all(
    commands.map(name => rollgate(...[name, '--help'].filter(Boolean)))
  )
  for (const { code, stdout, stderr } of helps) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: rollgate/u)
    expect(stdout).toContain('Exit codes: 0')
    expect(stdout).not.toContain(path.dirname(path.dirname(COMMAND)))
  }
})

test.each([
  ['a misspelt command', ['aply'], 'Did you mean apply?'],
  ['a misspelt option', ['apply', '--confrm', 'short'], 'Did you mean --confirm?'],
  ['a missing reason', ['rollback'], '--reason <why>'],
  ['an unknown scenario', ['rehearse', '--scenario', 'sunny'], 'dead-telemetry'],
  ['a number that is none', ['judge', '--hours', 'two'], 'Write a whole number'],
  ['no command', [], 'Usage: rollgate']
])('%s is refused with the way out', async (_, args, words) => {
  const refused = await rollgate(...args)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain(words)
  expect(refused.stderr).not.toContain('    at ')
})

test('an empty folder is told what is missing', async () => {
  expect(await rollgate('status')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `error: The definition rollouts/assignment-pipeline-v3.yml cannot be read (ENOENT).
to fix: Check the path given as definition; it starts in the current folder.
(file_unreadable)
`
  })
})

test('the bundled definition needs no credential for a status, under an account without a name', async () => {
  // Elsewhere than the repository, which may lie in a folder that is closed to other accounts.
  const home = path.dirname(path.dirname(COMMAND))
  for (const name of ['dist', 'sql', 'rollouts']) {
    await cp(path.join(home, name), path.join(folder, name), { recursive: true, dereference: true })
  }
  const command = path.join(folder, 'dist', 'cli.js')
  const status = await run(command, ['status', '--json'], { cwd: folder, ...nameless() })
  expect(status).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(status.stdout)).toMatchObject({ status: 'not-started', number: 0 })
})

/** An account that no list names, where this one may become it and Node is open to it. */
function nameless(): { readonly uid?: number } {
  if (process.getuid?.() !== 0) return {}
  const { status } = spawnSync(process.execPath, ['--version'], { uid: 54321, cwd: '/' })
  return status === 0 ? { uid: 54321 } : {}
}

test('every mistake in a definition is told with its place', async () => {
  await writeFile(
    path.join(folder, 'wrong.yml'),
    `name: Wrong Name
owner: "@acme"
database: { secret: DATABASE_URL, environment_filter: none }
targets: { preview: { keys: staging } }
phases:
  - name: only
    target: preview
    flags: { FEATURE: true }
    soak: 30 m
    checkpoints: [0m]
    criteria: full
    colour: blue
  - name: other
    target: previw
    flags: { FEATURE: "true" }
    soak: 1h
    checkpoints: [0m, 1h]
    criteria: full
criteria:
  full: { rate: { metric: outcoms, pass: ">= 97%", red: "< 90%" } }
rollback: { flags: { FEATURE: "false" }, criteria: full }
`
  )
  const refused = await rollgate('plan', '--definition', 'wrong.yml')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  const places = [...refused.stderr.matchAll(/wrong\.yml:(\d+:\d+)/gu)].map(([, place]) => place)
  expect(places).toEqual(['1:7', '8:23', '9:11', '12:5', '14:13', '20:27'])
  expect(refused.stderr).toContain('Fix:')
  expect(refused.stderr).toMatch(/\(definition_invalid\)\n$/u)
})

test('npm’s link to the command works from anywhere', async () => {
  const link = path.join(folder, 'rollgate')
  await symlink(COMMAND, link)
  expect(await run(link, ['--version'], { cwd: '/' })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/u)
  })
})
