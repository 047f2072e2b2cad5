import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GithubCaller, START_MS, startGithubCaller } from './github-world.ts'

const run = promisify(execFile)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const REFUSED = { status: 403, body: { message: 'Resource not accessible by integration' } }

let github: GithubCaller
let expected: readonly (string | RegExp)[]
beforeEach(async () => {
  expected = []
  github = await startGithubCaller()
})
afterEach(() => github.close(expected))

const head = (branch = 'main') => github.simulator.git.head(branch)
const additions = (path: string, text: string) => ({
  fileChanges: { additions: [{ path, contents: base64(text) }] }
})

describe('default deny', () => {
  test('an unknown route is 404 and a violation', async () => {
    expected = ['GET /repos/acme/shop/stargazers: no such route']
    expect(await github.call('GET', '/stargazers')).toMatchObject({ status: 404 })
  })

  test('an unknown query or body key is refused, does nothing and is a violation', async () => {
    expected = [
      /unknown query force$/u,
      /GitHub describes no query key force$/u,
      /unknown body colour$/u
    ]
    expect(await github.call('GET', '/git/ref/heads/main?force=1')).toMatchObject({ status: 422 })
    const draft = { title: 'Red', colour: 'red' }
    expect(await github.call('POST', '/issues', draft)).toMatchObject({ status: 422 })
    expect(github.simulator.issues).toEqual([])
  })

  test('an unknown GraphQL field or operation has no data and is a violation', async () => {
    expected = [/'stargazerCount' doesn't exist/u, /'addStar' doesn't exist/u]
    const query = '{ repository(owner: "acme", name: "shop") { stargazerCount } }'
    expect((await github.graphql(query)).body).toEqual({
      errors: [expect.objectContaining({ message: expect.stringContaining('stargazerCount') })]
    })
    const star = 'mutation { addStar(input: { starrableId: "R_1" }) { clientMutationId } }'
    expect((await github.graphql(star)).body.data).toBeUndefined()
  })

  test('a request body that GitHub would not take is a violation', async () => {
    expected = [/request: data\/sha must be string/u]
    const body = { ref: 'refs/heads/x', sha: 1 }
    expect(await github.call('POST', '/git/refs', body)).toMatchObject({ status: 422 })
  })

  test('a stranger is 401, another repository 404', async () => {
    const stranger = await github.call('GET', '', undefined, 'nobody')
    expect(stranger).toMatchObject({ status: 401, body: { message: 'Bad credentials' } })
    expect(await github.call('GET', '//repos/acme/other')).toMatchObject({ status: 404 })
  })
})

describe('permissions', () => {
  const READS = {
    '/git/ref/heads/main': 'contents',
    '/contents/README.md': 'contents',
    '/environments/production': 'actions',
    '/actions/workflows/rollout.yml': 'actions',
    '/deployments': 'deployments',
    '/issues': 'issues',
    '/pulls': 'pull-requests'
  }

  test('a read needs its own permission, and any level of it is enough', async () => {
    github.simulator.environments.put('production')
    const none = github.jobToken({})
    for (const [at, key] of Object.entries(READS)) {
      expect(await github.call('GET', at, undefined, none)).toMatchObject(REFUSED)
      const reader = github.jobToken({ [key]: 'read' })
      expect(await github.call('GET', at, undefined, reader)).toMatchObject({ status: 200 })
    }
  })

  test('metadata needs none: the repository, the rules of a branch, a person', async () => {
    const none = github.jobToken({})
    for (const at of ['', '/rules/branches/main', '//users/ada'])
      expect(await github.call('GET', at, undefined, none)).toMatchObject({ status: 200 })
  })

  test('a write needs more than the right to read', async () => {
    const reader = github.jobToken({ contents: 'read', actions: 'read', issues: 'read' })
    const sha = head()
    const ref = { ref: 'refs/heads/x', sha }
    expect(await github.call('POST', '/git/refs', ref, reader)).toMatchObject(REFUSED)
    const dispatch = '/actions/workflows/rollout.yml/dispatches'
    expect(await github.call('POST', dispatch, { ref: 'main' }, reader)).toMatchObject(REFUSED)
    expect(await github.call('POST', '/issues', { title: 'x' }, reader)).toMatchObject(REFUSED)
    const { body } = await github.commit(additions('a', 'b'), reader)
    expect(body).toEqual({
      data: { createCommitOnBranch: null },
      errors: [
        {
          type: 'FORBIDDEN',
          path: ['createCommitOnBranch'],
          message: 'Resource not accessible by integration'
        }
      ]
    })
    expect(head()).toBe(sha)
  })

  test('no job may set up an environment, whatever it was granted', async () => {
    const put = (token: string) => github.call('PUT', '/environments/x', undefined, token)
    expect(await put(github.jobToken())).toMatchObject(REFUSED)
    expect(await put(github.admin)).toMatchObject({ status: 200 })
  })
})

describe('the repository', () => {
  test('it says whether it is private and which branch is the default', async () => {
    github.simulator.settings.private = true
    expect(await github.call('GET', '')).toMatchObject({
      body: { full_name: 'acme/shop', private: true, default_branch: 'main' }
    })
  })

  test('an orphan branch is made out of a tree, a commit and a ref, and made once', async () => {
    const tree = await github.call('POST', '/git/trees', {
      tree: [{ path: 'a/README.md', mode: '100644', type: 'blob', content: '# Ledger\n' }]
    })
    const commit = await github.call('POST', '/git/commits', {
      message: 'Begin',
      tree: tree.body.sha,
      parents: []
    })
    expect(commit).toMatchObject({ status: 201, body: { parents: [] } })
    const ref = { ref: 'refs/heads/rollgate-ledger', sha: commit.body.sha }
    expect(await github.call('GET', '/git/ref/heads/rollgate-ledger')).toMatchObject({
      status: 404
    })
    expect(await github.call('POST', '/git/refs', ref)).toMatchObject({ status: 201 })
    expect(await github.call('POST', '/git/refs', ref)).toMatchObject({
      status: 422,
      body: { message: 'Reference already exists' }
    })
    expect(await github.call('GET', '/git/ref/heads/rollgate-ledger')).toMatchObject({
      body: { object: { sha: commit.body.sha } }
    })
    const { simulator } = github
    expect(await simulator.git.list('rollgate-ledger')).toEqual(['a/README.md'])
    expect(await simulator.git.history('rollgate-ledger')).toHaveLength(1)
  })

  test('trees and blobs can be read one by one or all the way down', async () => {
    const { body } = await github.call('GET', '/git/trees/main?recursive=1')
    const paths = body.tree.map((entry: { path: string }) => entry.path)
    expect(paths).toEqual([
      '.github',
      '.github/workflows',
      '.github/workflows/rollout.yml',
      'README.md'
    ])
    const blob = await github.call('GET', `/git/blobs/${body.tree.at(-1).sha}`)
    expect(Buffer.from(blob.body.content, 'base64').toString()).toBe('# shop\n')
    expect(await github.call('GET', `/git/commits/${head()}`)).toMatchObject({ status: 200 })
    expect(await github.call('GET', `/git/blobs/${'0'.repeat(40)}`)).toMatchObject({ status: 404 })
  })

  test('a file comes as base64, a folder as a list, and what is not there as 404', async () => {
    const file = await github.call('GET', '/contents/README.md?ref=main')
    expect(file.body).toMatchObject({ type: 'file', size: 7, encoding: 'base64' })
    expect(Buffer.from(file.body.content, 'base64').toString()).toBe('# shop\n')
    const folder = await github.call('GET', '/contents/.github/workflows')
    expect(folder.body).toEqual([expect.objectContaining({ type: 'file', name: 'rollout.yml' })])
    expect(await github.call('GET', '/contents/absent')).toMatchObject({ status: 404 })
    expect(await github.call('GET', '/contents/README.md?ref=absent')).toMatchObject({
      status: 404,
      body: { message: 'No commit found for the ref absent' }
    })
  })

  test('a file of more than a megabyte comes without its content', async () => {
    await github.simulator.git.commit('main', { big: 'x'.repeat(1024 * 1024 + 1) }, 'Big')
    expect((await github.call('GET', '/contents/big')).body).toMatchObject({
      encoding: 'none',
      content: '',
      size: 1024 * 1024 + 1
    })
  })

  test('an account that nobody has named does not exist', async () => {
    expect((await github.call('GET', '//users/ADA')).body).toMatchObject({
      login: 'ada',
      id: expect.any(Number)
    })
    expect(await github.call('GET', '//users/nobody')).toMatchObject({ status: 404 })
    expect(await github.call('GET', '//user', undefined, github.admin)).toMatchObject({
      body: { login: 'ada' }
    })
  })

  test('git itself can clone it, read its history and find nothing wrong', async () => {
    await github.commit(additions('sub/file.txt', 'héllo\n'))
    const { folder } = github.simulator.git
    const clone = path.join(github.folder, 'clone')
    await run('git', ['clone', '--quiet', folder, clone])
    const { stdout } = await run('git', ['-C', clone, 'log', '--format=%an|%cn|%s|%at'])
    expect(stdout.split('\n')[0]).toBe(`github-actions[bot]|GitHub|Change|${START_MS / 1000}`)
    await run('git', ['-C', folder, 'fsck', '--strict'])
    const shown = await run('git', ['-C', clone, 'show', 'HEAD:sub/file.txt'])
    expect(shown.stdout).toBe('héllo\n')
  })

  test('what git pushes is seen by the API', async () => {
    const clone = path.join(github.folder, 'clone')
    await run('git', ['clone', '--quiet', github.simulator.git.folder, clone])
    const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@acme.test']
    await run('git', ['-C', clone, ...author, 'commit', '--quiet', '--allow-empty', '-m', 'Empty'])
    await run('git', ['-C', clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/feat/x'])
    const { stdout } = await run('git', ['-C', clone, 'rev-parse', 'HEAD'])
    expect(await github.call('GET', '/git/ref/heads%2Ffeat%2Fx')).toMatchObject({
      body: { object: { sha: stdout.trim() } }
    })
  })
})

describe('createCommitOnBranch', () => {
  test('it adds, changes and removes files in one commit at the time of the clock', async () => {
    await github.clock.sleep(5_000)
    const { body } = await github.commit({
      message: { headline: 'Both', body: 'More.' },
      fileChanges: {
        additions: [{ path: 'a/b.txt', contents: base64('new') }],
        deletions: [{ path: '.github/workflows/rollout.yml' }]
      }
    })
    expect(body.data.createCommitOnBranch).toMatchObject({
      commit: { oid: head() },
      ref: { name: 'main', target: { oid: head() } }
    })
    const { git } = github.simulator
    expect(await git.list('main')).toEqual(['README.md', 'a/b.txt'])
    expect((await git.history('main'))[0]).toMatchObject({
      message: 'Both\n\nMore.\n',
      author: 'github-actions[bot]',
      atMs: START_MS + 5_000
    })
  })

  test('a head that has moved is STALE_DATA with status 200, and nothing is written', async () => {
    const before = head()
    await github.simulator.git.commit('main', { a: '1' }, 'Faster')
    const moved = head()
    const { status, body } = await github.commit({
      expectedHeadOid: before,
      ...additions('a', '2')
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      data: { createCommitOnBranch: null },
      errors: [
        {
          type: 'STALE_DATA',
          path: ['createCommitOnBranch'],
          message: `Expected branch to point to "${before}" but it did not.  Pull and try again.`
        }
      ]
    })
    expect(head()).toBe(moved)
  })

  test('of ten commits that expect the same head exactly one is made', async () => {
    const expectedHeadOid = head()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        github.commit({ expectedHeadOid, ...additions(`file-${n}`, 'x') })
      )
    )
    const made = answers.filter(({ body }) => body.data.createCommitOnBranch !== null)
    expect(made).toHaveLength(1)
    expect(await github.simulator.git.history('main')).toHaveLength(2)
  })

  test('a branch that does not exist, and a file to remove that does not, are told', async () => {
    const branch = { repositoryNameWithOwner: 'acme/shop', branchName: 'absent' }
    expect((await github.commit({ branch })).body.errors[0]).toMatchObject({ type: 'NOT_FOUND' })
    const fileChanges = { deletions: [{ path: 'absent' }] }
    expect((await github.commit({ fileChanges })).body.errors[0]).toMatchObject({
      message: expect.stringContaining('requested for deletion')
    })
  })

  test('variables that GitHub’s schema refuses are violations', async () => {
    expected = [/expectedHeadOid/u, /is no Base64String/u]
    await github.commit({ expectedHeadOid: 'HEAD' })
    await github.commit({ fileChanges: { additions: [{ path: 'a', contents: 'ä' }] } })
  })
})

describe('GraphQL queries', () => {
  test('a file is read through aliases, variables and fragments', async () => {
    const query = `query ($owner: String!, $name: String!, $ref: String = "refs/heads/main") {
      shop: repository(owner: $owner, name: $name) {
        head: ref(qualifiedName: $ref) {
          target { oid ...on Commit { messageHeadline file(path: "README.md") { object { ...text } } } }
        }
        none: ref(qualifiedName: "refs/heads/none") { name }
        tree: object(expression: "main:.github") {
          ... on Tree { entries { name type object { __typename ... on Tree { entries { path size } } } } }
        }
      }
    }
    fragment text on Blob { text byteSize isTruncated }`
    const { body } = await github.graphql(query, { owner: 'acme', name: 'shop' })
    expect(body.data.shop).toMatchObject({
      head: {
        target: {
          oid: head(),
          messageHeadline: 'Initial commit',
          file: { object: { text: '# shop\n', byteSize: 7, isTruncated: false } }
        }
      },
      none: null,
      tree: {
        entries: [
          {
            name: 'workflows',
            type: 'tree',
            object: { entries: [{ path: '.github/workflows/rollout.yml' }] }
          }
        ]
      }
    })
  })

  test('a text of more than 512000 bytes is cut, and says so', async () => {
    await github.simulator.git.commit('main', { big: 'x'.repeat(512_001) }, 'Big')
    const { body } = await github.graphql(`{ repository(owner: "acme", name: "shop") {
      object(expression: "HEAD:big") { ... on Blob { text byteSize isTruncated } } } }`)
    const blob = body.data.repository.object
    expect(blob).toMatchObject({ byteSize: 512_001, isTruncated: true })
    expect(blob.text).toHaveLength(512_000)
  })

  test('an unknown repository is null and told', async () => {
    const { body } = await github.graphql('{ repository(owner: "acme", name: "x") { id } }')
    expect(body).toMatchObject({ data: { repository: null }, errors: [{ type: 'NOT_FOUND' }] })
  })
})

describe('rulesets', () => {
  test('the rules of a branch are listed, and only of that branch', async () => {
    github.simulator.rulesets.add('rollgate-*', ['deletion', { type: 'required_signatures' }])
    const { body } = await github.call('GET', '/rules/branches/rollgate-ledger')
    expect(body.map((rule: { type: string }) => rule.type)).toEqual([
      'deletion',
      'required_signatures'
    ])
    expect((await github.call('GET', '/rules/branches/main')).body).toEqual([])
  })

  test('a rule that wants a pull request makes a commit fail, in an answer of status 200', async () => {
    const parameters = {
      required_status_checks: [{ context: 'test' }],
      strict_required_status_checks_policy: false
    }
    github.simulator.rulesets.add('main', [
      'pull_request',
      { type: 'required_status_checks', parameters }
    ])
    const { status, body } = await github.commit(additions('a', 'b'))
    expect(status).toBe(200)
    expect(body).toMatchObject({
      data: { createCommitOnBranch: null },
      errors: [
        {
          type: 'FORBIDDEN',
          message:
            'Repository rule violations found\n\nChanges must be made through a pull request.\n1 of 1 required status checks are expected.\n\n'
        }
      ]
    })
  })

  test('rules against deletion and force pushes let a commit pass', async () => {
    github.simulator.rulesets.add('*', ['deletion', 'non_fast_forward'])
    expect((await github.commit(additions('a', 'b'))).body.errors).toBeUndefined()
  })

  test('a rule against new branches is 422', async () => {
    github.simulator.rulesets.add('*', ['creation'])
    const ref = { ref: 'refs/heads/x', sha: head() }
    expect(await github.call('POST', '/git/refs', ref)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('Repository rule violations found') }
    })
  })
})

describe('environments', () => {
  test('reviewers, wait timer and branch policy show as protection rules', async () => {
    github.simulator.environments.put('approve-full', {
      reviewers: [
        { kind: 'user', name: 'ada' },
        { kind: 'team', name: 'release' }
      ],
      preventSelfReview: true,
      waitMinutes: 60,
      branches: ['main']
    })
    const { body } = await github.call('GET', '/environments/Approve-Full')
    expect(body).toMatchObject({
      name: 'approve-full',
      can_admins_bypass: true,
      protection_rules: [
        { type: 'wait_timer', wait_timer: 60 },
        {
          type: 'required_reviewers',
          prevent_self_review: true,
          reviewers: [
            { type: 'User', reviewer: { login: 'ada' } },
            { type: 'Team', reviewer: { slug: 'release' } }
          ]
        },
        { type: 'branch_policy' }
      ],
      deployment_branch_policy: { protected_branches: false, custom_branch_policies: true }
    })
    const policies = await github.call(
      'GET',
      '/environments/approve-full/deployment-branch-policies'
    )
    expect(policies.body.branch_policies).toMatchObject([{ name: 'main' }])
  })

  test('one that was never made, or was removed, is 404', async () => {
    const { environments } = github.simulator
    environments.put('production')
    expect(environments.remove('production')).toBe(true)
    expect(await github.call('GET', '/environments/production')).toMatchObject({ status: 404 })
    expect((await github.call('GET', '/environments')).body).toMatchObject({ total_count: 0 })
  })

  test('an older server does not say whether admins may bypass', async () => {
    github.simulator.environments.put('x', { adminsCanBypass: 'unsaid' })
    expect((await github.call('GET', '/environments/x')).body).not.toHaveProperty(
      'can_admins_bypass'
    )
  })

  test('an admin makes one with reviewers, policies, secrets and variables', async () => {
    const admin = (method: string, at: string, body?: unknown) =>
      github.call(method, `/environments/approve-full${at}`, body, github.admin)
    const { id } = (await github.call('GET', '//users/grace')).body
    const rules = {
      wait_timer: 0,
      prevent_self_review: true,
      reviewers: [{ type: 'User', id }],
      deployment_branch_policy: { protected_branches: false, custom_branch_policies: true }
    }
    expect(await admin('PUT', '', rules)).toMatchObject({ status: 200 })
    expect(await admin('POST', '/deployment-branch-policies', { name: 'main' })).toMatchObject({
      status: 200
    })
    const { key_id } = (await admin('GET', '/secrets/public-key')).body
    const secret = { encrypted_value: base64('sealed'), key_id }
    expect(await admin('PUT', '/secrets/DATABASE_URL', secret)).toMatchObject({ status: 201 })
    expect(await admin('PUT', '/secrets/DATABASE_URL', secret)).toMatchObject({ status: 204 })
    const variable = { name: 'REGION', value: 'fra1' }
    expect(await admin('POST', '/variables', variable)).toMatchObject({ status: 201 })
    expect(await admin('POST', '/variables', variable)).toMatchObject({ status: 409 })
    expect(await admin('PATCH', '/variables/REGION', { value: 'iad1' })).toMatchObject({
      status: 204
    })
    expect((await admin('GET', '/variables')).body).toMatchObject({ total_count: 1 })
    expect(github.simulator.environments.get('approve-full')).toMatchObject({
      rules: { reviewers: [{ kind: 'user', name: 'grace' }], preventSelfReview: true },
      policies: [{ name: 'main' }],
      secrets: ['DATABASE_URL'],
      variables: { REGION: 'iad1' }
    })
  })

  test('a private repository has reviewers only on the dearest plan, and on the cheapest nothing', async () => {
    const { settings } = github.simulator
    Object.assign(settings, { private: true, plan: 'team' })
    const put = (body: unknown) => github.call('PUT', '/environments/x', body, github.admin)
    const { id } = (await github.call('GET', '//users/ada')).body
    expect(await put({ reviewers: [{ type: 'User', id }] })).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('billing plan') }
    })
    expect(await put({})).toMatchObject({ status: 200 })
    settings.plan = 'free'
    expect(await put({})).toMatchObject({ status: 404 })
  })
})

describe('runs', () => {
  const started = () =>
    github.simulator.runs.start({ file: 'rollout.yml', event: 'workflow_dispatch', actor: 'ada' })

  test('a run says who started it, from where, and how far it is', async () => {
    const { id } = started()
    github.simulator.runs.update(id, {
      status: 'in_progress',
      attempt: 2,
      triggeringActor: 'grace'
    })
    expect((await github.call('GET', `/actions/runs/${id}`)).body).toMatchObject({
      run_attempt: 2,
      status: 'in_progress',
      head_branch: 'main',
      head_sha: head(),
      path: '.github/workflows/rollout.yml',
      actor: { login: 'ada' },
      triggering_actor: { login: 'grace' }
    })
    expect(await github.call('GET', '/actions/runs/1')).toMatchObject({ status: 404 })
  })

  test('an approval tells environment, state, person and comment, but neither time nor attempt', async () => {
    const { environments, runs } = github.simulator
    environments.put('approve-full', { reviewers: [{ kind: 'user', name: 'grace' }] })
    const { id } = started()
    await github.clock.sleep(3_600_000)
    runs.review(id, {
      environment: 'approve-full',
      by: 'grace',
      state: 'approved',
      comment: 'Looks good'
    })
    const { body } = await github.call('GET', `/actions/runs/${id}/approvals`)
    expect(body).toEqual([
      {
        state: 'approved',
        comment: 'Looks good',
        user: expect.objectContaining({ login: 'grace' }),
        environments: [
          expect.objectContaining({ name: 'approve-full', created_at: '2026-03-02T09:00:00Z' })
        ]
      }
    ])
  })

  test('an environment that is waited at is pending until somebody answers', async () => {
    const { environments, runs } = github.simulator
    environments.put('approve-full', { reviewers: [{ kind: 'user', name: 'grace' }] })
    const { id } = started()
    runs.update(id, { status: 'waiting', pending: ['approve-full'] })
    const pending = () => github.call('GET', `/actions/runs/${id}/pending_deployments`)
    expect((await pending()).body).toMatchObject([
      {
        environment: { name: 'approve-full' },
        current_user_can_approve: false,
        reviewers: [{ type: 'User', reviewer: { login: 'grace' } }]
      }
    ])
    const review = { environment: 'approve-full', by: 'grace', comment: '' }
    runs.review(id, { ...review, state: 'rejected' })
    expect((await pending()).body).toEqual([])
  })
})

describe('workflows', () => {
  const PATH = '/actions/workflows/rollout.yml'
  const dispatch = (body: unknown) => github.call('POST', `${PATH}/dispatches`, body)

  test('one that is switched off can be switched on; one that is not on the default branch is 404', async () => {
    github.simulator.workflowStates.set('rollout.yml', 'disabled_inactivity')
    expect((await github.call('GET', PATH)).body).toMatchObject({
      name: 'Rollout',
      state: 'disabled_inactivity'
    })
    expect(await dispatch({ ref: 'main' })).toMatchObject({ status: 422 })
    expect(await github.call('PUT', `${PATH}/enable`)).toMatchObject({ status: 204 })
    expect((await github.call('GET', PATH)).body).toMatchObject({ state: 'active' })
    expect(await github.call('GET', '/actions/workflows/none.yml')).toMatchObject({ status: 404 })
  })

  test('a dispatch answers with the run when details are asked for', async () => {
    const { status, body } = await dispatch({
      ref: 'main',
      inputs: { phase: 'full' },
      return_run_details: true
    })
    expect(status).toBe(200)
    const { url, runs } = github.simulator
    expect(body).toEqual({
      workflow_run_id: runs.list()[0]?.id,
      run_url: `${url}/repos/acme/shop/actions/runs/${body.workflow_run_id}`,
      html_url: `https://github.com/acme/shop/actions/runs/${body.workflow_run_id}`
    })
    expect(runs.list()).toMatchObject([
      { file: 'rollout.yml', actor: 'github-actions[bot]', inputs: { phase: 'full' }, ref: 'main' }
    ])
  })

  test('it answers 204 when they are not, and on an older server always', async () => {
    expect(await dispatch({ ref: 'main' })).toMatchObject({ status: 204, body: undefined })
    github.simulator.settings.dispatchAnswers = 'nothing'
    const asked = { ref: 'main', return_run_details: true }
    expect(await dispatch(asked)).toMatchObject({ status: 204, body: undefined })
    expect(github.simulator.runs.list()).toHaveLength(2)
  })

  test('a ref that does not exist, and what the handler refuses, are 422', async () => {
    expect(await dispatch({ ref: 'absent' })).toMatchObject({
      status: 422,
      body: { message: 'No ref found for: absent' }
    })
    github.simulator.onDispatch(() => {
      throw new Error('Unexpected inputs provided: ["colour"]')
    })
    expect(await dispatch({ ref: 'main', inputs: { colour: 'red' } })).toMatchObject({
      status: 422,
      body: { message: 'Unexpected inputs provided: ["colour"]' }
    })
  })
})

describe('deployments', () => {
  const DRAFT = {
    ref: 'main',
    environment: 'staging',
    auto_merge: false,
    required_contexts: [],
    payload: { intent: '7' }
  }

  test('they are listed newest first and found by environment and task', async () => {
    const first = await github.call('POST', '/deployments', { ...DRAFT, task: 'rollgate' })
    const second = await github.call('POST', '/deployments', DRAFT)
    expect(first).toMatchObject({ status: 201, body: { sha: head(), task: 'rollgate' } })
    const all = await github.call('GET', '/deployments?environment=staging')
    expect(all.body.map((d: { id: number }) => d.id)).toEqual([second.body.id, first.body.id])
    const found = await github.call('GET', '/deployments?task=rollgate&per_page=1')
    expect(found.body).toMatchObject([{ id: first.body.id, payload: { intent: '7' } }])
  })

  test('without auto_merge and required_contexts said, GitHub’s two traps close', async () => {
    const { auto_merge: _, ...merging } = DRAFT
    await github.simulator.git.commit('side', { a: '1' }, 'Side', { from: 'main' })
    expect(await github.call('POST', '/deployments', { ...merging, ref: 'side' })).toMatchObject({
      status: 202
    })
    const { required_contexts: __, ...checked } = DRAFT
    expect(await github.call('POST', '/deployments', checked)).toMatchObject({ status: 409 })
    expect(github.simulator.deployments).toEqual([])
  })

  test('a success makes the earlier success of the same environment inactive', async () => {
    const make = async () => (await github.call('POST', '/deployments', DRAFT)).body.id
    const status = (id: number, body: unknown) =>
      github.call('POST', `/deployments/${id}/statuses`, body)
    const [first, second] = [await make(), await make()]
    const done = { state: 'success', environment_url: 'https://shop.test', description: 'Done' }
    expect(await status(first, done)).toMatchObject({ status: 201 })
    await status(second, { state: 'in_progress' })
    await status(second, done)
    const { body } = await github.call('GET', `/deployments/${first}/statuses`)
    expect(body.map((s: { state: string }) => s.state)).toEqual(['inactive', 'success'])
    expect(await status(second, { ...done, description: 'x'.repeat(141) })).toMatchObject({
      status: 422
    })
  })
})

describe('issues', () => {
  test('they are filed with labels that need not exist, found by them, and commented on', async () => {
    const made = await github.call('POST', '/issues', {
      title: 'Rolled back',
      body: 'Why',
      labels: ['rollgate']
    })
    expect(made).toMatchObject({ status: 201, body: { number: 1, labels: [{ name: 'rollgate' }] } })
    await github.call('POST', '/issues', { title: 'Other' })
    const find = async (query: string) =>
      (await github.call('GET', `/issues?${query}`)).body.map((i: { number: number }) => i.number)
    expect(await find('labels=rollgate&state=open&per_page=100')).toEqual([1])
    expect(await find('')).toEqual([2, 1])
    const comment = await github.call('POST', '/issues/1/comments', { body: 'Again' })
    expect(comment).toMatchObject({ status: 201, body: { user: { login: 'github-actions[bot]' } } })
    expect((await github.call('GET', '/issues/1/comments')).body).toHaveLength(1)
    github.simulator.issueHands.setState(1, 'closed')
    expect(await find('labels=rollgate')).toEqual([])
    expect(await find('labels=rollgate&state=closed')).toEqual([1])
    expect(github.simulator.issues[0]?.comments).toMatchObject([{ body: 'Again' }])
  })

  test('are found by all labels asked for, by their last change and in the order asked for', async () => {
    const { issueHands: hands } = github.simulator
    const find = async (query: string) =>
      (await github.call('GET', `/issues?${query}`)).body.map((i: { number: number }) => i.number)
    for (const label of ['bug', 'Outage', 'bug']) {
      hands.report(label)
      await github.clock.sleep(60_000)
    }
    hands.relabel(1, ['bug', 'Outage'])
    expect(await find('labels=bug%2Coutage')).toEqual([1])
    expect(await find('labels=bug,nothing')).toEqual([])
    expect(await find('sort=created')).toEqual([3, 2, 1])
    expect(await find('sort=updated')).toEqual([1, 3, 2])
    expect(await find('sort=updated&direction=asc')).toEqual([2, 3, 1])
    const second = (n: number) => new Date(START_MS + n * 60_000).toISOString()
    expect(await find(`since=${second(2)}`)).toEqual([3, 1])
    expect(await find(`since=${second(2.5)}`)).toEqual([1])
    hands.setState(2, 'closed')
    expect(await find(`since=${second(3)}&state=all`)).toEqual([2, 1])
    hands.remove(1)
    expect(await find('state=all')).toEqual([3, 2])
    expect(await github.call('GET', '/issues?since=yesterday')).toMatchObject({ status: 422 })
    expect(await github.call('GET', '/issues?sort=size')).toMatchObject({ status: 422 })
    expect(await github.call('POST', '/issues', { title: 'x' })).toMatchObject({
      body: { number: 4 }
    })
  })

  test('a body longer than GitHub takes is 422', async () => {
    const long = 'x'.repeat(65_537)
    expect(await github.call('POST', '/issues', { title: 'x', body: long })).toMatchObject({
      status: 422
    })
    expect(await github.call('POST', '/issues/9/comments', { body: 'x' })).toMatchObject({
      status: 404
    })
  })

  test('a label is made once', async () => {
    const label = { name: 'rollgate', color: 'ff0000', description: 'Rollouts' }
    expect(await github.call('GET', '/labels/rollgate')).toMatchObject({ status: 404 })
    expect(await github.call('POST', '/labels', label)).toMatchObject({ status: 201 })
    expect(await github.call('POST', '/labels', label)).toMatchObject({ status: 422 })
    expect(await github.call('GET', '/labels/rollgate')).toMatchObject({ status: 200 })
    expect((await github.call('GET', '/labels')).body).toHaveLength(1)
  })
})

describe('pull requests', () => {
  const DRAFT = { title: 'Graduate', head: 'rollgate/env', base: 'main', body: 'Flags' }

  test('one is opened, found by its head, and not opened twice', async () => {
    const { git } = github.simulator
    expect(await github.call('POST', '/pulls', DRAFT)).toMatchObject({ status: 422 })
    await git.commit('rollgate/env', {}, 'Nothing', { from: 'main' })
    expect(await github.call('POST', '/pulls', DRAFT)).toMatchObject({ status: 201 })
    expect(await github.call('POST', '/pulls', DRAFT)).toMatchObject({
      status: 422,
      body: {
        errors: [{ message: 'A pull request already exists for acme:rollgate/env.' }]
      }
    })
    const found = await github.call('GET', '/pulls?head=acme:rollgate/env&state=open')
    expect(found.body).toMatchObject([{ number: 1, head: { ref: 'rollgate/env' } }])
    expect((await github.call('GET', '/pulls?head=acme:other')).body).toEqual([])
    expect((await github.call('GET', '/issues')).body[0]).toHaveProperty('pull_request')
    expect(github.simulator.pullRequests).toHaveLength(1)
    expect(github.simulator.issues).toEqual([])
  })

  test('a branch without commits of its own cannot become one', async () => {
    await github.call('POST', '/git/refs', { ref: 'refs/heads/rollgate/env', sha: head() })
    expect((await github.call('POST', '/pulls', DRAFT)).body.errors[0].message).toBe(
      'No commits between main and rollgate/env'
    )
  })

  test('a job may not open one where the repository forbids it', async () => {
    github.simulator.settings.actionsMayOpenPullRequests = false
    expect(await github.call('POST', '/pulls', DRAFT)).toMatchObject({
      status: 403,
      body: { message: 'GitHub Actions is not permitted to create or approve pull requests.' }
    })
  })
})

describe('limits and faults', () => {
  test('every answer tells the budget, and a spent one is 403 until the hour is over', async () => {
    github.simulator.settings.requestsPerHour = 2
    const { headers } = await github.call('GET', '')
    expect(headers.get('x-ratelimit-remaining')).toBe('1')
    expect(Number(headers.get('x-ratelimit-reset'))).toBe(START_MS / 1000 + 3_600)
    await github.call('GET', '')
    const spent = await github.call('GET', '')
    expect(spent).toMatchObject({ status: 403 })
    expect(spent.headers.get('x-ratelimit-remaining')).toBe('0')
    expect((await github.commit(additions('a', 'b'))).body.errors).toBeUndefined()
    await github.clock.sleep(3_600_000)
    expect(await github.call('GET', '')).toMatchObject({ status: 200 })
  })

  test('a secondary limit answers instead of the effect, once', async () => {
    github.simulator.faults.inject({
      path: /issues$/u,
      method: 'POST',
      effect: {
        kind: 'answer',
        status: 403,
        body: { message: 'You have exceeded a secondary rate limit.' },
        headers: { 'retry-after': '60' }
      }
    })
    const limited = await github.call('POST', '/issues', { title: 'x' })
    expect(limited.headers.get('retry-after')).toBe('60')
    expect(limited.status).toBe(403)
    expect(github.simulator.issues).toEqual([])
    expect(await github.call('POST', '/issues', { title: 'x' })).toMatchObject({ status: 201 })
  })

  test('an answer can be lost after the commit has landed', async () => {
    github.simulator.faults.inject({
      path: /graphql$/u,
      body: /createCommitOnBranch/u,
      when: 'after',
      effect: { kind: 'drop' }
    })
    const before = head()
    await github.graphql('{ repository(owner: "acme", name: "shop") { id } }')
    await expect(github.commit(additions('a', 'b'))).rejects.toThrow('fetch failed')
    expect(head()).not.toBe(before)
  })

  test('a 502 can come instead of the answer though the issue is filed, and a body can be no JSON', async () => {
    const { faults } = github.simulator
    faults.inject({ path: /issues$/u, when: 'after', effect: { kind: 'answer', status: 502 } })
    expect(await github.call('POST', '/issues', { title: 'x' })).toMatchObject({ status: 502 })
    expect(github.simulator.issues).toHaveLength(1)
    faults.inject({ path: /issues$/u, effect: { kind: 'garble' } })
    await expect(github.call('GET', '/issues')).rejects.toThrow(SyntaxError)
  })

  test('the n-th mutation can hang; queries are none', async () => {
    const { simulator } = github
    simulator.freezeAt(1, 'after')
    await github.graphql('{ repository(owner: "acme", name: "shop") { id } }')
    expect(simulator.mutations).toBe(0)
    const before = head()
    const hanging = github.commit(additions('a', 'b')).catch(() => 'ended')
    await simulator.frozen
    expect(simulator.mutations).toBe(1)
    expect(head()).not.toBe(before)
    await simulator.close()
    expect(await hanging).toBe('ended')
  })
})
