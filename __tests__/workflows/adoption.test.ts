import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import git from 'isomorphic-git'
import { ROLLGATE } from '../../src/rehearsal/workflows/repository-files.ts'
import { installFakeGh } from '../adoption/fake-gh.ts'
import { COMMAND, PATH, run } from '../bundle/program.ts'
import {
  APPROVER,
  HOUR_MS,
  NAME,
  openTheatre,
  raiseStage,
  STARTER,
  type Stage,
  type Theatre
} from './stage.ts'

let theatre: Theatre
let root: string

beforeAll(async () => {
  theatre = await openTheatre()
  root = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-adoption-')))
  await installFakeGh(path.join(root, 'bin'))
})
afterEach(() => theatre.strike())
afterAll(async () => {
  await theatre.close()
  await rm(root, { recursive: true })
})

const DEFINITION = `rollouts/${NAME}.yml`

/** A repository on GitHub with a README and nothing set up, and a clone of it. */
async function emptyRepository(): Promise<{ readonly stage: Stage; readonly clone: string }> {
  const stage = await raiseStage(theatre)
  const { github } = stage
  const written = await github.git.list('main')
  const nothing = Object.fromEntries(written.map(file => [file, null]))
  await github.git.commit('main', { ...nothing, 'README.md': '# shop\n' }, 'Begin')
  for (const name of github.environments.names()) github.environments.remove(name)
  const clone = path.join(root, 'shop')
  await mkdir(clone)
  await git.init({ fs, dir: clone, defaultBranch: 'main' })
  const remote = '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'
  await writeFile(path.join(clone, '.git', 'config'), remote)
  return { stage, clone }
}

/** What somebody with administrator rights has in their shell. */
function shellOf({ github }: Stage): Readonly<Record<string, string>> {
  return {
    PATH: `${path.join(root, 'bin')}:${PATH}`,
    FAKE_GH_URL: github.url,
    FAKE_GH_TOKEN: github.tokenFor({ permissions: 'admin', actor: STARTER }),
    FAKE_GH_LOG: path.join(root, 'gh.log')
  }
}

function answers({ vercel }: Stage): readonly string[] {
  const { teamId, projectId } = vercel.identity
  return [
    ...['--name', NAME, '--owner', '@acme/booking', '--time-zone', 'Europe/London'],
    ...['--flag', 'FEATURE=true/false/false', '--flag', 'FEATURE_MODE=fast/slow/fast'],
    ...['--vercel-org-id', teamId, '--vercel-project-id', projectId],
    ...['--reviewer', APPROVER, '--action', `${ROLLGATE}@${'5'.repeat(40)}`]
  ]
}

/** Types a line into a shell, and a secret where one is asked for; resolves to the exit code. */
function typed(line: string, cwd: string, env: Readonly<Record<string, string>>) {
  const shell = spawn('/bin/sh', ['-c', line], { cwd, env, stdio: 'pipe' })
  shell.stdin.on('error', () => undefined).end('a secret\n')
  return new Promise<number | null>(resolve => shell.once('close', resolve))
}

async function push({ github }: Stage, clone: string): Promise<void> {
  const found = await readdir(clone, { recursive: true, withFileTypes: true })
  const names = found
    .filter(entry => entry.isFile())
    .map(entry => path.relative(clone, path.join(entry.parentPath, entry.name)))
    .filter(file => !file.startsWith('.git/'))
  const texts = names.map(async file => [file, await readFile(path.join(clone, file), 'utf8')])
  const files = { ...Object.fromEntries(await Promise.all(texts)), 'index.html': 'shop' }
  await github.git.commit('main', files, 'Adopt Rollgate', { by: STARTER })
}

interface Item {
  readonly name: string
  readonly outcome: string
  readonly message: string
  readonly remedy?: string
}

test('an empty repository after rollgate init, its files pushed and its commands typed, is ready: preflight is green and the first phase goes live', async () => {
  const { stage, clone } = await emptyRepository()
  const env = shellOf(stage)
  const done = await run(COMMAND, ['init', ...answers(stage)], { cwd: clone, env })
  expect(done).toMatchObject({ code: 0, stderr: '' })
  const commands = done.stdout.split('\n').filter(line => line.startsWith('gh '))
  expect(commands.length).toBeGreaterThan(10)
  for (const line of commands) expect([line, await typed(line, clone, env)]).toEqual([line, 0])
  await push(stage, clone)

  const { github, machine, results, told } = stage
  const preflight = await stage.press('rollout.yml', {
    operation: 'preflight',
    definition: DEFINITION
  })
  await machine.runUntilIdle()
  expect([told(preflight), results(preflight)]).toEqual([
    expect.any(String),
    expect.objectContaining({ next: 'success', preflight: 'success' })
  ])
  const checked = machine.run(preflight).jobs.filter(({ key }) => key === 'preflight')
  expect(checked.map(({ environment }) => environment)).toEqual(['staging', 'production'])
  for (const { steps } of checked) {
    const { items } = JSON.parse(steps.at(-1)?.outputs['result'] ?? '{}')
    const found = items as readonly Item[]
    expect(found.length).toBeGreaterThan(15)
    expect(found.filter(({ outcome }) => outcome === 'fail')).toEqual([])
    for (const { name, message, remedy } of found.filter(({ outcome }) => outcome === 'warn')) {
      // The one thing that no command can set up.
      expect([name, message]).toEqual([
        expect.stringMatching(/^gate approve-production-/u),
        'administrators can pass it without a review'
      ])
      expect(remedy).toContain('Settings, Environments, ')
    }
  }
  expect(github.environments.get('staging')?.variables).toEqual({
    VERCEL_ORG_ID: stage.vercel.identity.teamId,
    VERCEL_PROJECT_ID: stage.vercel.identity.projectId
  })

  const first = await stage.press('rollout.yml', { operation: 'advance', definition: DEFINITION })
  await machine.runUntilIdle()
  expect(machine.run(first).conclusion).toBe('success')
  expect(stage.serving('preview')).toEqual({ FEATURE: 'false', FEATURE_MODE: 'fast' })
  expect((await stage.kinds()).slice(0, 4)).toEqual([
    'rollout-started',
    'phase-planned',
    'phase-applying',
    'phase-applied'
  ])
  await stage.pass(HOUR_MS)
  const looked = await stage.monitor()
  expect(results(looked)).toMatchObject({ due: 'success', check: 'success' })
})
