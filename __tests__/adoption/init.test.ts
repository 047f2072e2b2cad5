import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { EnvironmentGuard, GhRunner, RepositoryFolder } from '../../src/adoption/ports.ts'
import { initDocument, initText } from '../../src/adoption/report.ts'
import type { WorkflowTemplates } from '../../src/adoption/workflow-files.ts'
import { type InitRequest, type InitWorld, init } from '../../src/operations/init.ts'
import { type GhCommand, ghText } from '../../src/rollout/gh-command.ts'
import { InputError } from '../../src/rollout/rollgate-error.ts'
import { PROJECT } from '../bundle/program.ts'
import { answersOf } from './example.ts'

const template = (file: string) => readFileSync(path.join(PROJECT, 'workflows', file), 'utf8')
const templates: WorkflowTemplates = {
  rollout: template('rollout.yml'),
  monitor: template('rollout-monitor.yml'),
  rollback: template('rollout-rollback.yml'),
  timers: template('rollout-timers.yml')
}

const REQUEST: InitRequest = {
  answers: answersOf(),
  envExample: false,
  timers: false,
  force: false,
  dryRun: false,
  apply: false
}

function fakeFolder(files = new Map<string, string>()) {
  const folder: RepositoryFolder = {
    read: async file => files.get(file),
    write: async written => {
      for (const { path: file, text } of written) files.set(file, text)
    }
  }
  return { files, folder }
}

/** A `gh` that carries out what it is given until it comes to `refused`. */
function fakeGh(
  asks: boolean,
  refused?: string,
  guards: Readonly<Record<string, EnvironmentGuard>> = {}
) {
  const done: string[] = []
  const gh: GhRunner = {
    asks,
    guardOf: async environment => guards[environment],
    run: async command => {
      const text = ghText(command)
      if (refused !== undefined && text.includes(refused)) return 'HTTP 403'
      done.push(text)
      return undefined
    }
  }
  return { done, gh }
}

function world(changes: Partial<InitWorld> = {}): InitWorld {
  return {
    ...fakeFolder(),
    gh: fakeGh(true).gh,
    metrics: async files =>
      files.map(({ path: file, text }) => ({
        name: path.basename(file, '.sql'),
        kind: text.includes('kind: proportion') ? 'proportion' : 'count',
        asks: '',
        unit: '',
        file
      })),
    templates,
    say: () => undefined,
    ...changes
  }
}

const isSecret = ({ secret }: GhCommand) => secret !== undefined

test('what a repository needs is written, and the second time there is nothing to do', async () => {
  const { files, folder } = fakeFolder()
  const first = await init(world({ folder }), REQUEST)
  expect([...files.keys()]).toEqual(first.files.map(file => file.path))
  expect(new Set(first.files.map(({ state }) => state))).toEqual(new Set(['new']))
  const second = await init(world({ folder }), REQUEST)
  expect(new Set(second.files.map(({ state }) => state))).toEqual(new Set(['same']))
})

test('nothing is written when one file would be lost', async () => {
  const { files, folder } = fakeFolder(new Map([['rollgate/metrics/starts.sql', 'mine']]))
  const refused = init(world({ folder }), { ...REQUEST, apply: true })
  await expect(refused).rejects.toMatchObject({ code: 'files_differ' })
  expect([...files]).toEqual([['rollgate/metrics/starts.sql', 'mine']])
  await init(world({ folder }), { ...REQUEST, force: true })
  expect(files.get('rollgate/metrics/starts.sql')).toContain('--! metric: starts')
})

test('nothing is written when a metric or the definition is refused', async () => {
  const { files, folder } = fakeFolder()
  const refusal = new InputError('sql_header_invalid', 'twice', 'once')
  const broken = world({ folder, metrics: () => Promise.reject(refusal) })
  await expect(init(broken, REQUEST)).rejects.toBe(refusal)
  const lacking = world({ folder, metrics: async () => [] })
  await expect(init(lacking, REQUEST)).rejects.toMatchObject({ code: 'definition_invalid' })
  expect(files.size).toBe(0)
})

test('a dry run writes nothing and sets up nothing', async () => {
  const { files, folder } = fakeFolder()
  const { done, gh } = fakeGh(true)
  await init(world({ folder, gh }), { ...REQUEST, dryRun: true, apply: true })
  expect([files.size, done]).toEqual([0, []])
})

test('a second rollout joins the monitor, and the first one is watched as before', async () => {
  const { files, folder } = fakeFolder()
  await init(world({ folder }), REQUEST)
  const second = { ...REQUEST, answers: answersOf({ name: ['second'] }) }
  const { files: compared } = await init(world({ folder }), second)
  const states = Object.fromEntries(compared.map(file => [path.basename(file.path), file.state]))
  expect(states).toMatchObject({
    'second.yml': 'new',
    'rollout.yml': 'same',
    'rollout-monitor.yml': 'outdated',
    'starts.sql': 'same'
  })
  expect(files.get('.github/workflows/rollout-monitor.yml')).toContain(
    '    rollouts/new-checkout.yml\n    rollouts/second.yml\n'
  )
  expect((await init(world({ folder }), REQUEST)).files.every(f => f.state === 'same')).toBe(true)
})

test('timers that are there are kept up without being asked for again', async () => {
  const { folder } = fakeFolder()
  const first = await init(world({ folder }), { ...REQUEST, timers: true })
  const second = await init(world({ folder }), REQUEST)
  expect(second.files.every(({ state }) => state === 'same')).toBe(true)
  expect(second.settings).toEqual(first.settings)
  const waits = first.left.filter(({ args }) => args.some(arg => arg.includes('wait-30m')))
  expect(waits.map(ghText).join()).toContain('wait_timer=30')
})

describe('GitHub is set up', () => {
  test('with keys for no people, people for no keys, and only for the default branch', async () => {
    const { left } = await init(world(), { ...REQUEST, answers: answersOf({ branch: ['trunk'] }) })
    const texts = left.map(ghText)
    const of = (name: string) => texts.filter(text => text.includes(`environments/${name}`))
    for (const keys of ['staging', 'production']) {
      expect(of(keys).join()).toContain('reviewers=null')
      expect(of(keys).join()).toContain('name=trunk')
      for (const secret of ['VERCEL_TOKEN', 'DATABASE_URL']) {
        expect(texts).toContain(`gh secret set ${secret} --env ${keys}`)
      }
    }
    for (const phase of ['production-shadow', 'production-full']) {
      expect(of(`approve-${phase}`).join()).toContain('prevent_self_review=true')
      expect(of(`approve-${phase}`).join()).toContain('users/octocat')
      expect(of(`approve-${phase}`).join()).toContain('orgs/acme/teams/checkout')
      expect(of(`approve-${phase}`).join()).toContain('name=trunk')
    }
    expect(texts.filter(text => /secret set .*approve/u.test(text))).toEqual([])
  })

  test('without gates of environments where a second person lets phases pass', async () => {
    const answers = answersOf({ gate: ['dispatch'], allow: ['ann', 'bob'] })
    const { left } = await init(world(), { ...REQUEST, answers })
    expect(left.map(ghText).join()).not.toContain('approve-')
  })

  test('one command after the other, secrets where a person can be asked', async () => {
    const { done, gh } = fakeGh(true)
    const { applied, left } = await init(world({ gh }), { ...REQUEST, apply: true })
    expect(done).toEqual(applied.map(ghText))
    expect([left, applied.filter(isSecret).length]).toEqual([[], 4])
  })

  test('but for the secrets where nobody can be asked', async () => {
    const { done, gh } = fakeGh(false)
    const { applied, left } = await init(world({ gh }), { ...REQUEST, apply: true })
    expect(done).toHaveLength(applied.length)
    expect([applied.some(isSecret), left.every(isSecret), left.length]).toEqual([false, true, 4])
  })

  test('until a command fails, and then what is done and what is left is told', async () => {
    const { done, gh } = fakeGh(true, 'approve-production-full')
    const failed = await init(world({ gh }), { ...REQUEST, apply: true }).catch(error => error)
    expect(failed).toMatchObject({ code: 'gh_failed' })
    expect(failed.message).toContain('HTTP 403')
    expect(failed.message).toContain(`${done.length} of 16 commands`)
    const left = failed.message.slice(failed.message.indexOf('Left are:'))
    for (const text of done) expect(left).not.toContain(`${text}\n`)
    expect(left).toContain('gh secret set VERCEL_TOKEN --env staging')
  })
})

describe('environments that are to hold keys and have people or wait timers', () => {
  const guards = {
    staging: { reviewers: false, waitMinutes: 30 },
    production: { reviewers: true, waitMinutes: 5 },
    'approve-production-full': { reviewers: true, waitMinutes: 0 }
  }

  test('are all named, and nothing is written or run', async () => {
    const { files, folder } = fakeFolder()
    const { done, gh } = fakeGh(true, undefined, guards)
    const refused = await init(world({ folder, gh }), { ...REQUEST, apply: true }).catch(e => e)
    expect(refused).toBeInstanceOf(InputError)
    expect(refused).toMatchObject({
      code: 'environment_guarded',
      message: expect.stringContaining(
        '\n  staging: a wait timer of 30 minutes\n  production: required reviewers, a wait timer of 5 minutes\n'
      ),
      remedy: expect.stringMatching(/--preview-keys and --production-keys.*--force/u)
    })
    expect(refused.message).not.toContain('approve-')
    expect([files.size, done]).toEqual([0, []])
  })

  test('lose them by force', async () => {
    const { done, gh } = fakeGh(true, undefined, guards)
    await init(world({ gh }), { ...REQUEST, apply: true, force: true })
    expect(done.join()).toContain('reviewers=null')
  })

  test('are not asked about when nothing is set up', async () => {
    const guardOf = () => Promise.reject(new Error('asked'))
    const gh = { ...fakeGh(true).gh, guardOf }
    await init(world({ gh }), REQUEST)
    await init(world({ gh }), { ...REQUEST, apply: true, dryRun: true })
  })

  test('are others when the keys lie elsewhere', async () => {
    const { gh } = fakeGh(true, undefined, guards)
    const keys = { 'preview-keys': ['keys-1'], 'production-keys': ['keys-2'] }
    const request = { ...REQUEST, answers: answersOf(keys), apply: true }
    expect((await init(world({ gh }), request)).left).toEqual([])
  })
})

test('only lines that .vercelignore lacks are asked for', async () => {
  const { folder } = fakeFolder(
    new Map([['.vercelignore', 'node_modules\nrollouts\n/rollgate/\n']])
  )
  expect((await init(world({ folder }), REQUEST)).vercelIgnore).toEqual(['/.rollgate/'])
})

describe('a person is told', () => {
  const told = async (changes: Partial<InitRequest> = {}, files = new Map<string, string>()) => {
    const request = { ...REQUEST, ...changes }
    const done = await init(world({ ...fakeFolder(files), gh: fakeGh(false).gh }), request)
    return { ...request, ...done, foreign: false }
  }

  test('the files, the commands and what comes next', async () => {
    const text = initText(await told())
    expect(text).toMatch(/^Files\n {2}rollouts\/new-checkout\.yml +written\n/u)
    expect(text).toContain('\n# Environment approve-production-full: ')
    expect(text).toMatch(/What next\n {2}1\. Read the files[\s\S]+operation advance/u)
    expect(text).not.toContain('GH_REPO')
  })

  test('which repository is meant, where gh would find another one', async () => {
    expect(initText({ ...(await told()), foreign: true })).toContain('export GH_REPO=acme/shop\n')
  })

  test('which secrets are left after everything else is set up', async () => {
    const text = initText(await told({ apply: true }))
    expect(text).toContain('Set up on GitHub, by 12 commands.')
    expect(text).toContain('Left to you')
    expect(text).not.toContain('gh api')
  })

  test('the contents, in a dry run', async () => {
    const text = initText(await told({ dryRun: true }))
    expect(text).toContain('rollouts/new-checkout.yml               would be written')
    expect(text).toContain('──── rollgate/metrics/endings.sql\n--! metric: endings')
  })

  test('what is lost, in a dry run, and what it takes', async () => {
    const files = new Map([['rollouts/new-checkout.yml', 'mine']])
    expect(initText(await told({ dryRun: true }, files))).toContain('with --force only')
    const forced = initText(await told({ dryRun: true, force: true }, files))
    expect(forced).toContain('has another content; would be replaced\n')
  })

  test('the same as one document', async () => {
    const document = initDocument(await told())
    expect(document).toMatchObject({
      version: 1,
      operation: 'init',
      definition: 'rollouts/new-checkout.yml',
      repository: 'acme/shop',
      applied: []
    })
    expect(JSON.stringify(document)).not.toContain('--! metric')
    expect(JSON.stringify(initDocument(await told({ dryRun: true })))).toContain('--! metric')
  })
})
