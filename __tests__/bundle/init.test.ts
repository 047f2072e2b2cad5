import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test
} from '@jest/globals'
import { buildSync } from 'esbuild'
import git from 'isomorphic-git'
import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import { type GithubSimulator, startGithubSimulator } from '../../src/rehearsal/github/simulator.ts'
import { parseDefinition } from '../../src/rollout/definition-file.ts'
import { installFakeGh } from '../adoption/fake-gh.ts'
import { GITHUB_CONTRACT } from '../rehearsal/github-contract.ts'
import { COMMAND, type Ended, PATH, PROJECT, run } from './program.ts'

// Every `gh` is a process, and there are dozens of them.
jest.setTimeout(60_000)

const ACTION = `acme/rollgate@${'0123456789'.repeat(4)}`
const ANSWERS = [
  ...['--name', 'new-checkout', '--owner', '@acme/checkout', '--action', ACTION],
  ...['--flag', 'NEW_CHECKOUT=true/false', '--flag', 'NEW_CHECKOUT_SHADOW=false/false/true'],
  ...['--vercel-org-id', 'team_1', '--vercel-project-id', 'prj_1', '--reviewer', 'octocat,hubot'],
  ...[
    '--time-zone',
    'Europe/London',
    '--event-source',
    'checkout',
    '--good-ending',
    'checkout.paid'
  ]
]
const FILES = [
  '.github/workflows/rollout-monitor.yml',
  '.github/workflows/rollout-rollback.yml',
  '.github/workflows/rollout.yml',
  'rollgate/metrics/activity.sql',
  'rollgate/metrics/endings.sql',
  'rollgate/metrics/failures.sql',
  'rollgate/metrics/heartbeat.sql',
  'rollgate/metrics/starts.sql',
  'rollouts/new-checkout.yml'
]

let root: string
let folder: string
let gh: Readonly<Record<string, string>>
let github: GithubSimulator
let parser: { problemsIn(file: string, text: string): Promise<readonly string[]> }

beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-init-test-')))
  await installFakeGh(path.join(root, 'bin'))
  parser = await import(pathToFileURL(await bundleParser(path.join(root, 'parser.mjs'))).href)
})
afterAll(() => rm(root, { recursive: true }))

let made = 0

beforeEach(async () => {
  made += 1
  folder = path.join(root, `shop-${made}`)
  await git.init({ fs, dir: folder, defaultBranch: 'main' })
  await writeFile(
    path.join(folder, '.git', 'config'),
    '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'
  )
  github = await startGithubSimulator({
    now: Date.now,
    folder: path.join(root, `github-${made}`),
    people: ['octocat', 'hubot'],
    contract: GITHUB_CONTRACT
  })
  gh = {
    PATH: `${path.join(root, 'bin')}:${PATH}`,
    FAKE_GH_URL: github.url,
    FAKE_GH_TOKEN: github.tokenFor({ permissions: 'admin', actor: 'ann' }),
    FAKE_GH_LOG: path.join(root, `gh-${made}.log`)
  }
})
afterEach(async () => {
  expect(github.violations).toEqual([])
  await github.close()
})

/** GitHub's own parser imports JSON in a way that only a bundler takes. */
async function bundleParser(outfile: string): Promise<string> {
  const contents = `
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
export async function problemsIn(name, content) {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter())
  const parsed = context.errors.getErrors().map(error => error.message)
  if (value === undefined || parsed.length > 0) return [...parsed, ...(value ? [] : ['nothing'])]
  const { errors = [] } = await convertWorkflowTemplate(context, value, undefined, { errorPolicy: 1 })
  return errors.map(error => error.Message)
}`
  buildSync({
    stdin: { contents, resolveDir: PROJECT },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)"
    }
  })
  return outfile
}

const init = (...args: readonly string[]): Promise<Ended> =>
  run(COMMAND, ['init', ...args], { cwd: folder, env: gh })

const textOf = (file: string) => readFile(path.join(folder, file), 'utf8')

/** Every file of the folder but git's own. */
async function filesIn(): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter(entry => entry.isFile())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter(file => !file.startsWith('.git/'))
    .sort()
}

async function contents(): Promise<Readonly<Record<string, string>>> {
  const texts = await Promise.all(FILES.map(async file => [file, await textOf(file)] as const))
  return Object.fromEntries(texts)
}

/** Types a line into a shell, and a secret where one is asked for; resolves to the exit code. */
function typed(line: string): Promise<number | null> {
  const shell = spawn('/bin/sh', ['-c', line], { cwd: folder, env: gh, stdio: 'pipe' })
  shell.stdin.on('error', () => undefined).end('a secret\n')
  return new Promise(resolve => shell.once('close', resolve))
}

async function ghCalls(): Promise<readonly (readonly string[])[]> {
  const log = await readFile(gh['FAKE_GH_LOG'] ?? '', 'utf8').catch(() => '')
  return log
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

test('an empty repository gets everything it needs, and every file is accepted', async () => {
  const done = await init(...ANSWERS)
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toContain('What next')
  expect(await filesIn()).toEqual(FILES)

  const { headers } = await loadCatalogue([
    { path: path.join(PROJECT, 'sql/metrics'), shownAs: 'sql/metrics' },
    { path: path.join(folder, 'rollgate/metrics'), shownAs: 'rollgate/metrics' }
  ])
  const metrics = Object.fromEntries(headers.map(({ name, kind }) => [name, kind]))
  const file = 'rollouts/new-checkout.yml'
  const definition = parseDefinition({ file, text: await textOf(file), digest: '', metrics })
  expect(definition.phases.map(({ name }) => name)).toEqual([
    'staging-shadow',
    'staging-full',
    'production-shadow',
    'production-full'
  ])
  for (const workflow of FILES.filter(
    name => name.endsWith('.yml') && name.startsWith('.github')
  )) {
    expect([workflow, await parser.problemsIn(workflow, await textOf(workflow))]).toEqual([
      workflow,
      []
    ])
  }
  expect(await ghCalls()).toEqual([])
})

test('the second time there is nothing to do, and no file is touched', async () => {
  await init(...ANSWERS)
  const before = await Promise.all(FILES.map(file => stat(path.join(folder, file))))
  const again = await init(...ANSWERS)
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(again.stdout).toMatch(/^Nothing to do: all 9 files are there as they should be\.\n/u)
  const after = await Promise.all(FILES.map(file => stat(path.join(folder, file))))
  expect(after.map(({ mtimeMs, ino }) => [mtimeMs, ino])).toEqual(
    before.map(({ mtimeMs, ino }) => [mtimeMs, ino])
  )
})

test('files with another content are all named and left alone, until they are forced', async () => {
  await init(...ANSWERS)
  const before = await contents()
  await writeFile(path.join(folder, 'rollouts/new-checkout.yml'), 'mine')
  await rm(path.join(folder, 'rollgate/metrics/starts.sql'))
  await writeFile(path.join(folder, '.github/workflows/rollout.yml'), 'mine too')

  const refused = await init(...ANSWERS)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('rollouts/new-checkout.yml\n  .github/workflows/rollout.yml\n')
  expect(refused.stderr).toMatch(/--force[^\n]*\n\(files_differ\)\n$/u)
  expect(await textOf('rollouts/new-checkout.yml')).toBe('mine')
  expect(await filesIn()).toEqual(FILES.filter(file => !file.endsWith('starts.sql')))

  expect(await init(...ANSWERS, '--force')).toMatchObject({ code: 0, stderr: '' })
  expect(await contents()).toEqual(before)
  expect(await filesIn()).toEqual(FILES)
})

test('a dry run shows every content and writes nothing', async () => {
  const shown = await init(...ANSWERS, '--dry-run', '--apply')
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  for (const file of FILES) expect(shown.stdout).toContain(`──── ${file}\n`)
  expect([await filesIn(), await ghCalls()]).toEqual([[], []])
})

test('one document says the same', async () => {
  const { code, stdout, stderr } = await init(...ANSWERS, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const document = JSON.parse(stdout)
  expect(document.files.map(({ path: file }: { path: string }) => file).sort()).toEqual(FILES)
  expect(document).toMatchObject({ version: 1, operation: 'init', repository: 'acme/shop' })
})

describe('without a terminal', () => {
  test('everything that is missing is named at once', async () => {
    const refused = await init('--name', 'x', '--json')
    expect(refused.code).toBe(1)
    const missing = [...refused.stderr.matchAll(/^ {2}(--\S+)/gmu)].map(([, name]) => name)
    expect(missing).toEqual(
      expect.arrayContaining(['--flag', '--vercel-org-id', '--vercel-project-id', '--reviewer'])
    )
    expect(JSON.parse(refused.stdout)).toMatchObject({ operation: 'init', code: 'answers_missing' })
    expect(await filesIn()).toEqual([])
  })

  test('what a linked project and the remote say needs no option', async () => {
    await mkdir(path.join(folder, '.vercel'))
    const link = JSON.stringify({ orgId: 'team_9', projectId: 'prj_9' })
    await writeFile(path.join(folder, '.vercel/project.json'), link)
    await writeFile(path.join(folder, '.env.example'), 'X=\n')
    const few = ['--name', 'x', '--flag', 'X=1/0', '--reviewer', 'octocat', '--action', ACTION]
    const { code, stdout } = await init(...few, '--yes')
    expect(code).toBe(0)
    expect(stdout).toContain('gh variable set VERCEL_ORG_ID --env staging --body team_9')
    expect(await textOf('rollouts/x.yml')).toContain('env_example: .env.example')
  })
})

test('a folder inside a repository is refused, since workflows lie at its root', async () => {
  const inner = path.join(folder, 'site')
  await mkdir(inner)
  const refused = await run(COMMAND, ['init', ...ANSWERS], { cwd: inner, env: gh })
  expect(refused.stderr).toMatch(/\(folder_inside_repository\)\n$/u)
  expect(await readdir(inner)).toEqual([])
})

test('a folder named as the argument is the one that is written into', async () => {
  const done = await run(COMMAND, ['init', folder, ...ANSWERS], { cwd: '/', env: gh })
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(await filesIn()).toEqual(FILES)
})

test('a file where a folder must be leaves everything as it was', async () => {
  await writeFile(path.join(folder, 'rollgate'), 'a file')
  const refused = await init(...ANSWERS)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/\(folder_unwritable\)\n$/u)
  expect(await filesIn()).toEqual(['rollgate'])
})

describe('GitHub', () => {
  const waiting = { waitMinutes: 0, branches: [] }
  const gate = {
    waitMinutes: 0,
    preventSelfReview: true,
    reviewers: [
      { kind: 'user', name: 'octocat' },
      { kind: 'user', name: 'hubot' }
    ]
  }

  function expectSetUp(): void {
    expect([...github.environments.names()].sort()).toEqual([
      'approve-production-full',
      'approve-production-shadow',
      'production',
      'staging'
    ])
    for (const keys of ['staging', 'production']) {
      const environment = github.environments.get(keys)
      expect(environment?.rules).toMatchObject(waiting)
      expect(environment?.rules.reviewers ?? []).toEqual([])
      expect(environment?.variables).toEqual({
        VERCEL_ORG_ID: 'team_1',
        VERCEL_PROJECT_ID: 'prj_1'
      })
    }
    for (const phase of ['shadow', 'full']) {
      const environment = github.environments.get(`approve-production-${phase}`)
      expect(environment?.rules).toMatchObject(gate)
      expect(environment?.secrets).toEqual([])
    }
    for (const name of github.environments.names()) {
      expect(github.environments.get(name)?.policies.map(policy => policy.name)).toEqual(['main'])
    }
  }

  test('is set up by --apply, twice as once, and only the secrets are left', async () => {
    const first = await init(...ANSWERS, '--apply')
    expect(first.code).toBe(0)
    expectSetUp()
    expect(first.stdout).toContain('gh secret set VERCEL_TOKEN --env staging\n')
    expect(first.stdout).not.toContain('gh api')
    expect((await ghCalls()).filter(([command]) => command === 'secret')).toEqual([])
    expect((await init(...ANSWERS, '--apply')).code).toBe(0)
    expectSetUp()
  })

  test('is set up by the printed commands, typed into a shell', async () => {
    const { stdout } = await init(...ANSWERS)
    for (const line of stdout.split('\n').filter(text => text.startsWith('gh '))) {
      expect([line, await typed(line)]).toEqual([line, 0])
    }
    expectSetUp()
    for (const keys of ['staging', 'production']) {
      expect([...(github.environments.get(keys)?.secrets ?? [])].sort()).toEqual([
        'DATABASE_URL',
        'VERCEL_TOKEN'
      ])
    }
  })

  test('is set up as far as it goes, and the rest is told', async () => {
    gh = { ...gh, FAKE_GH_FAILS: 'approve-production-full' }
    const failed = await init(...ANSWERS, '--apply')
    expect(failed).toMatchObject({ code: 1, stdout: '' })
    expect(failed.stderr).toContain('Must have admin rights to Repository. (HTTP 403)')
    expect(failed.stderr).toContain('6 of 16 commands were carried out')
    expect(failed.stderr).toMatch(/\(gh_failed\)\n$/u)
    expect([...github.environments.names()].sort()).toEqual([
      'approve-production-shadow',
      'production',
      'staging'
    ])
    expect(await filesIn()).toEqual(FILES)
  })

  test('keeps the reviewers and the wait timer of environments that are to hold keys', async () => {
    const people = { reviewers: [{ kind: 'user', name: 'octocat' }], waitMinutes: 5 } as const
    github.environments.put('production', people)
    github.environments.put('staging', { waitMinutes: 30 })
    const before = (await ghCalls()).length
    const refused = await init(...ANSWERS, '--apply')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(
      '\n  staging: a wait timer of 30 minutes\n  production: required reviewers, a wait timer of 5 minutes\n'
    )
    expect(refused.stderr).toMatch(/\(environment_guarded\)\n$/u)
    expect(await filesIn()).toEqual([])
    expect(github.environments.get('production')?.rules).toEqual(people)
    expect((await ghCalls()).slice(before)).toEqual([
      ['api', 'repos/{owner}/{repo}/environments/staging'],
      ['api', 'repos/{owner}/{repo}/environments/production']
    ])
    expect((await init(...ANSWERS, '--apply', '--force')).code).toBe(0)
    expectSetUp()
  })

  test('that does not answer lets nothing be written', async () => {
    gh = { ...gh, FAKE_GH_FAILS: 'environments/production' }
    const failed = await init(...ANSWERS, '--apply')
    expect(failed.stderr).toContain('Must have admin rights to Repository. (HTTP 403)')
    expect(failed.stderr).toMatch(/Nothing was changed[\s\S]*\(gh_failed\)\n$/u)
    expect([await filesIn(), github.environments.names()]).toEqual([[], []])
  })

  test('a machine without gh is told so', async () => {
    const failed = await run(COMMAND, ['init', ...ANSWERS, '--apply'], {
      cwd: folder,
      env: { PATH: path.dirname(process.execPath) }
    })
    expect(failed.stderr).toMatch(/\(gh_missing\)\n$/u)
    expect(await filesIn()).toEqual([])
  })
})
