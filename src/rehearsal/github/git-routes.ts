import type { CommitObject } from 'isomorphic-git'
import { type ApiRequest, answer, members } from '../http/route.ts'
import { type CommitDraft, type Entry, OID, type Signature } from './git-data.ts'
import { nodeId } from './identifier.ts'
import { addressOf } from './people-table.ts'
import { notFound, refusal } from './refusal.ts'
import { ruleViolation } from './ruleset-table.ts'
import { actorOf, type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

const BASE = `${REPOSITORY_PATH}/git`

/** Refs, commits, trees and blobs: enough to make a branch out of nothing. */
export function gitRoutes(world: GithubWorld): readonly GithubRoute[] {
  const { git } = world
  return [
    {
      method: 'GET',
      paths: [`${BASE}/ref/:ref{.+}`],
      needs: 'contents:read',
      query: [],
      handle: ({ params }) => {
        const [kind, ...name] = (params['ref'] ?? '').split('/')
        const head = kind === 'heads' ? git.head(name.join('/')) : undefined
        if (head === undefined) throw notFound()
        return answer(viewRef(world, `refs/heads/${name.join('/')}`, head))
      }
    },
    {
      method: 'POST',
      paths: [`${BASE}/refs`],
      needs: 'contents:write',
      query: [],
      body: ['ref', 'sha'],
      handle: ({ body }) => createRef(world, members(body))
    },
    {
      method: 'POST',
      paths: [`${BASE}/commits`],
      needs: 'contents:write',
      query: [],
      body: ['message', 'tree', 'parents', 'author', 'committer'],
      handle: request => createCommit(world, request)
    },
    {
      method: 'GET',
      paths: [`${BASE}/commits/:commit_sha`],
      needs: 'contents:read',
      query: [],
      handle: async ({ params }) => {
        const oid = params['commit_sha'] ?? ''
        const commit = await git.commit(oid)
        if (!commit) throw notFound()
        return answer(viewCommit(world, oid, commit))
      }
    },
    {
      method: 'POST',
      paths: [`${BASE}/trees`],
      needs: 'contents:write',
      query: [],
      body: ['tree', 'base_tree'],
      handle: ({ body }) => createTree(world, members(body))
    },
    {
      method: 'GET',
      paths: [`${BASE}/trees/:tree_sha{.+}`],
      needs: 'contents:read',
      query: ['recursive'],
      handle: ({ params, query }) => readTree(world, params['tree_sha'] ?? '', 'recursive' in query)
    },
    {
      method: 'POST',
      paths: [`${BASE}/blobs`],
      needs: 'contents:write',
      query: [],
      body: ['content', 'encoding'],
      handle: async ({ body }) => {
        const { content, encoding } = members(body)
        const bytes = Buffer.from(String(content), encoding === 'base64' ? 'base64' : 'utf8')
        const sha = await git.writeBlob(bytes)
        return answer({ sha, url: `${world.apiUrl()}/git/blobs/${sha}` }, 201)
      }
    },
    {
      method: 'GET',
      paths: [`${BASE}/blobs/:file_sha`],
      needs: 'contents:read',
      query: [],
      handle: ({ params }) => readBlob(world, params['file_sha'] ?? '')
    }
  ]
}

async function createRef(world: GithubWorld, { ref, sha }: Readonly<Record<string, unknown>>) {
  const { git, rulesets } = world
  const branch = typeof ref === 'string' ? ref.match(/^refs\/heads\/(.+)$/u)?.[1] : undefined
  if (branch === undefined) throw refusal(422, 'Reference name must start with "refs/heads/"')
  if (typeof sha !== 'string' || (await git.kindOf(sha)) !== 'commit')
    throw refusal(422, 'Object does not exist')
  if (git.head(branch) !== undefined) throw refusal(422, 'Reference already exists')
  const violation = ruleViolation(rulesets.of(branch), 'creation')
  if (violation !== undefined) throw refusal(422, violation)
  if (!(await git.move(branch, undefined, sha))) throw refusal(422, 'Reference already exists')
  return answer(viewRef(world, `refs/heads/${branch}`, sha), 201)
}

async function createCommit(world: GithubWorld, request: ApiRequest) {
  const { git } = world
  const { message, tree, parents, author, committer } = members(request.body)
  if (typeof tree !== 'string' || (await git.kindOf(tree)) !== 'tree')
    throw refusal(422, 'Tree SHA does not exist')
  const before = Array.isArray(parents) ? parents.map(String) : []
  for (const parent of before)
    if (!(await git.commit(parent)))
      throw refusal(422, 'Parent SHA does not exist or is not a commit')
  const own = signatureOf(world, request)
  const written = author === undefined ? own : readSignature(author, own)
  const draft: CommitDraft = {
    tree,
    parents: before,
    message: String(message),
    author: written,
    committer: committer === undefined ? written : readSignature(committer, own)
  }
  const oid = await git.writeCommit(draft)
  const commit = await git.commit(oid)
  if (!commit) throw notFound()
  return answer(viewCommit(world, oid, commit), 201)
}

function signatureOf(world: GithubWorld, request: ApiRequest): Signature {
  const person = actorOf(world, request)
  return {
    name: person.login,
    email: addressOf(person),
    timestamp: Math.floor(world.now() / 1000)
  }
}

function readSignature(value: unknown, otherwise: Signature): Signature {
  const { name, email, date } = members(value)
  return {
    name: String(name),
    email: String(email),
    timestamp: typeof date === 'string' ? Math.floor(Date.parse(date) / 1000) : otherwise.timestamp
  }
}

async function createTree(
  world: GithubWorld,
  { tree, base_tree: base }: Readonly<Record<string, unknown>>
) {
  const { git } = world
  if (typeof base === 'string' && (await git.kindOf(base)) === undefined)
    throw refusal(422, 'base_tree is not a valid tree oid')
  const changes = new Map<string, Uint8Array | null>()
  for (const item of Array.isArray(tree) ? tree : []) {
    const { path, content, sha } = members(item)
    if (typeof sha === 'string' && (await git.kindOf(sha)) !== 'blob')
      throw refusal(422, `tree.sha ${sha} is not a valid blob`)
    const kept = typeof sha === 'string' ? await git.blob(sha) : Buffer.from(String(content))
    changes.set(String(path), sha === null ? null : kept)
  }
  const oid = await git.edit(typeof base === 'string' ? base : undefined, changes)
  return answer(await viewTree(world, oid, false), 201)
}

async function readTree(world: GithubWorld, name: string, recursive: boolean) {
  const { git } = world
  const kind = await git.kindOf(name)
  const oid = kind === 'tree' ? name : await git.resolve(name)
  if (oid === undefined) throw notFound()
  const tree = kind === 'tree' ? oid : (await git.commit(oid))?.tree
  if (tree === undefined) throw notFound()
  return answer(await viewTree(world, tree, recursive))
}

async function readBlob(world: GithubWorld, sha: string) {
  const { git } = world
  if (!OID.test(sha)) throw refusal(422, 'The sha parameter must be exactly 40 characters.')
  if ((await git.kindOf(sha)) !== 'blob') throw notFound()
  const bytes = await git.blob(sha)
  return answer({
    sha,
    node_id: nodeId('B', sha),
    size: bytes.length,
    url: `${world.apiUrl()}/git/blobs/${sha}`,
    content: wrappedBase64(bytes),
    encoding: 'base64'
  })
}

/** As GitHub writes it: sixty characters a line, the last line ended too. */
export function wrappedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{1,60}/gu, '$&\n')
}

function viewRef(world: GithubWorld, ref: string, sha: string) {
  const url = `${world.apiUrl()}/git`
  return {
    ref,
    node_id: nodeId('REF', ref),
    url: `${url}/${ref}`,
    object: { sha, type: 'commit', url: `${url}/commits/${sha}` }
  }
}

function viewCommit(world: GithubWorld, sha: string, commit: CommitObject) {
  const url = `${world.apiUrl()}/git`
  const html = (oid: string) => `${world.webUrl}/commit/${oid}`
  return {
    sha,
    node_id: nodeId('C', sha),
    url: `${url}/commits/${sha}`,
    html_url: html(sha),
    author: viewSignature(commit.author),
    committer: viewSignature(commit.committer),
    tree: { sha: commit.tree, url: `${url}/trees/${commit.tree}` },
    message: commit.message,
    parents: commit.parent.map(oid => ({
      sha: oid,
      url: `${url}/commits/${oid}`,
      html_url: html(oid)
    })),
    verification: {
      verified: false,
      reason: 'unsigned',
      signature: null,
      payload: null,
      verified_at: null
    }
  }
}

const viewSignature = ({ name, email, timestamp }: Signature) => ({
  name,
  email,
  date: iso(timestamp * 1000)
})

async function viewTree(world: GithubWorld, sha: string, recursive: boolean) {
  const url = `${world.apiUrl()}/git`
  const entries = await entriesOf(world, sha, recursive)
  const { entriesListed } = world.settings
  const tree = await Promise.all(
    entries.slice(0, entriesListed).map(async ({ path, mode, type, oid }) => ({
      path,
      mode: mode.padStart(6, '0'),
      type,
      sha: oid,
      ...(type === 'blob' ? { size: (await world.git.blob(oid)).length } : {}),
      url: `${url}/${type}s/${oid}`
    }))
  )
  return { sha, url: `${url}/trees/${sha}`, tree, truncated: entries.length > entriesListed }
}

async function entriesOf(
  world: GithubWorld,
  oid: string,
  recursive: boolean
): Promise<readonly Entry[]> {
  const entries = await world.git.tree(oid)
  if (!recursive) return entries
  const nested = await Promise.all(
    entries.map(async entry => {
      if (entry.type !== 'tree') return [entry]
      const below = await entriesOf(world, entry.oid, true)
      return [entry, ...below.map(e => ({ ...e, path: `${entry.path}/${e.path}` }))]
    })
  )
  return nested.flat()
}
