import type { Entry } from './git-data.ts'
import { FieldFailure, type GraphNode } from './graphql-selection.ts'
import { nodeId } from './identifier.ts'
import type { TokenGrant } from './tokens.ts'
import { covers } from './tokens.ts'
import { type GithubWorld, iso } from './world.ts'

/** GitHub cuts the text of a blob here, and says so. */
const LONGEST_TEXT = 512_000

/** The query root: the repository down to its blobs. */
export function queryRoot(world: GithubWorld, grant: TokenGrant): GraphNode {
  return {
    type: 'Query',
    fields: {
      viewer: () => ({ type: 'User', fields: { login: () => grant.actor } }),
      repository: ({ owner, name }) => {
        if (`${owner}/${name}`.toLowerCase() !== world.fullName.toLowerCase())
          throw new FieldFailure(
            'NOT_FOUND',
            `Could not resolve to a Repository with the name '${owner}/${name}'.`
          )
        return repositoryNode(world, grant)
      }
    }
  }
}

/** `Repository`; its content needs a token that may read it. */
export function repositoryNode(world: GithubWorld, grant: TokenGrant): GraphNode {
  const { git, defaultBranch } = world
  const requireContents = (): void => {
    if (!covers(grant, 'contents:read'))
      throw new FieldFailure('FORBIDDEN', 'Resource not accessible by integration')
  }
  const refOf = (name: string): GraphNode | null => {
    requireContents()
    const branch = name.replace(/^refs\/heads\//u, '')
    const head = git.head(branch)
    return head === undefined ? null : refNode(world, branch, head)
  }
  return {
    type: 'Repository',
    interfaces: ['Node'],
    fields: {
      id: () => nodeId('R', world.id),
      databaseId: () => world.id,
      name: () => world.name,
      nameWithOwner: () => world.fullName,
      isPrivate: () => world.settings.private,
      url: () => world.webUrl,
      defaultBranchRef: () => refOf(defaultBranch),
      ref: ({ qualifiedName }) => refOf(String(qualifiedName)),
      object: async ({ oid, expression }) => {
        requireContents()
        const folder = typeof oid === 'string' ? '' : String(expression).replace(/^[^:]*:?/u, '')
        return objectNode(world, await resolveObject(world, oid, expression), folder)
      }
    }
  }
}

async function resolveObject(
  world: GithubWorld,
  oid: unknown,
  expression: unknown
): Promise<string | undefined> {
  if (typeof oid === 'string') return oid
  const [name = '', path] = String(expression).split(/:(.*)/su)
  const commit = await world.git.resolve(name === 'HEAD' ? world.defaultBranch : name)
  if (commit === undefined || path === undefined) return commit
  if (path === '') return (await world.git.commit(commit))?.tree
  return (await world.git.entryAt(commit, path))?.oid
}

export function refNode(world: GithubWorld, branch: string, head: string): GraphNode {
  return {
    type: 'Ref',
    interfaces: ['Node'],
    fields: {
      id: () => nodeId('REF', `refs/heads/${branch}`),
      name: () => branch,
      prefix: () => 'refs/heads/',
      target: () => objectNode(world, head)
    }
  }
}

/** A commit, a tree (with the folder it was found as) or a blob; null when there is none. */
export async function objectNode(
  world: GithubWorld,
  oid: string | undefined,
  folder = ''
): Promise<GraphNode | null> {
  const kind = oid === undefined ? undefined : await world.git.kindOf(oid)
  if (oid === undefined || kind === undefined) return null
  if (kind === 'commit') return commitNode(world, oid)
  if (kind === 'tree') return treeNode(world, oid, folder)
  return kind === 'blob' ? blobNode(world, oid) : null
}

const OBJECT = ['GitObject', 'Node']

async function commitNode(world: GithubWorld, oid: string): Promise<GraphNode> {
  const commit = await world.git.commit(oid)
  if (!commit) throw new FieldFailure('NOT_FOUND', `Could not resolve to a Commit '${oid}'.`)
  const { message, tree, author, committer } = commit
  const [headline = '', ...body] = message.trimEnd().split('\n')
  return {
    type: 'Commit',
    interfaces: OBJECT,
    fields: {
      ...objectFields(world, 'C', oid),
      url: () => `${world.webUrl}/commit/${oid}`,
      message: () => message.trimEnd(),
      messageHeadline: () => headline,
      messageBody: () => body.join('\n').trim(),
      authoredDate: () => iso(author.timestamp * 1000),
      committedDate: () => iso(committer.timestamp * 1000),
      tree: () => treeNode(world, tree),
      file: async ({ path }) => {
        const entry = await world.git.entryAt(oid, String(path))
        return entry ? entryNode(world, String(path), entry) : null
      }
    }
  }
}

function treeNode(world: GithubWorld, oid: string, folder = ''): GraphNode {
  return {
    type: 'Tree',
    interfaces: OBJECT,
    fields: {
      ...objectFields(world, 'T', oid),
      entries: async () =>
        (await world.git.tree(oid)).map(entry =>
          entryNode(world, folder === '' ? entry.path : `${folder}/${entry.path}`, entry)
        )
    }
  }
}

function entryNode(world: GithubWorld, path: string, entry: Entry): GraphNode {
  return {
    type: 'TreeEntry',
    fields: {
      name: () => path.split('/').at(-1) ?? path,
      path: () => path,
      type: () => entry.type,
      mode: () => Number.parseInt(entry.mode, 8),
      oid: () => entry.oid,
      size: async () => (entry.type === 'blob' ? (await world.git.blob(entry.oid)).length : 0),
      object: () =>
        entry.type === 'tree' ? treeNode(world, entry.oid, path) : objectNode(world, entry.oid)
    }
  }
}

async function blobNode(world: GithubWorld, oid: string): Promise<GraphNode> {
  const bytes = await world.git.blob(oid)
  const binary = bytes.includes(0)
  return {
    type: 'Blob',
    interfaces: OBJECT,
    fields: {
      ...objectFields(world, 'B', oid),
      byteSize: () => bytes.length,
      isBinary: () => binary,
      isTruncated: () => bytes.length > LONGEST_TEXT,
      text: () => (binary ? null : Buffer.from(bytes.subarray(0, LONGEST_TEXT)).toString('utf8'))
    }
  }
}

const objectFields = (world: GithubWorld, prefix: string, oid: string) => ({
  id: () => nodeId(prefix, oid),
  oid: () => oid,
  abbreviatedOid: () => oid.slice(0, 7),
  commitUrl: () => `${world.webUrl}/commit/${oid}`
})
