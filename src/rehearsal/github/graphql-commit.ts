import { members } from '../http/route.ts'
import type { Changes } from './git-data.ts'
import { objectNode, refNode } from './graphql-graph.ts'
import { FieldFailure, type GraphNode } from './graphql-selection.ts'
import { addressOf } from './people-table.ts'
import { ruleViolation } from './ruleset-table.ts'
import { covers, type TokenGrant } from './tokens.ts'
import type { GithubWorld } from './world.ts'

/** The mutation root: one commit on one branch, if the branch is where the caller thinks it is. */
export function mutationRoot(world: GithubWorld, grant: TokenGrant): GraphNode {
  return {
    type: 'Mutation',
    fields: { createCommitOnBranch: ({ input }) => createCommit(world, grant, members(input)) }
  }
}

async function createCommit(
  world: GithubWorld,
  grant: TokenGrant,
  input: Readonly<Record<string, unknown>>
): Promise<GraphNode> {
  const { git, rulesets } = world
  if (!covers(grant, 'contents:write'))
    throw new FieldFailure('FORBIDDEN', 'Resource not accessible by integration')
  const branch = branchOf(world, members(input['branch']))
  const head = git.head(branch)
  if (head === undefined)
    throw new FieldFailure('NOT_FOUND', `Could not resolve to a branch with the name '${branch}'.`)
  const expected = String(input['expectedHeadOid'])
  if (head !== expected) throw stale(expected)
  const violation = ruleViolation(rulesets.of(branch), 'commit')
  if (violation !== undefined) throw new FieldFailure('FORBIDDEN', violation)
  const tree = await git.edit(head, await changesOf(world, head, members(input['fileChanges'])))
  const next = await git.writeCommit({
    tree,
    parents: [head],
    message: messageOf(members(input['message'])),
    ...signatures(world, grant)
  })
  // Two may have come this far with the same expectation: the ref decides between them.
  if (!(await git.move(branch, head, next))) throw stale(expected)
  return {
    type: 'CreateCommitOnBranchPayload',
    fields: {
      clientMutationId: () => (input['clientMutationId'] as string | undefined) ?? null,
      commit: () => objectNode(world, next),
      ref: () => refNode(world, branch, next)
    }
  }
}

const stale = (expected: string) =>
  new FieldFailure(
    'STALE_DATA',
    `Expected branch to point to "${expected}" but it did not.  Pull and try again.`
  )

function branchOf(
  world: GithubWorld,
  { repositoryNameWithOwner: repository, branchName }: Readonly<Record<string, unknown>>
): string {
  if (String(repository).toLowerCase() !== world.fullName.toLowerCase())
    throw new FieldFailure(
      'NOT_FOUND',
      `Could not resolve to a Repository with the name '${repository}'.`
    )
  return String(branchName).replace(/^refs\/heads\//u, '')
}

async function changesOf(
  world: GithubWorld,
  head: string,
  { additions, deletions }: Readonly<Record<string, unknown>>
): Promise<Changes> {
  const changes = new Map<string, Uint8Array | null>()
  for (const { path, contents } of list(additions)) changes.set(pathOf(path), decode(contents))
  for (const { path } of list(deletions)) {
    if (!(await world.git.entryAt(head, pathOf(path))))
      throw new FieldFailure(
        'UNPROCESSABLE',
        `A path was requested for deletion which does not exist as of commit oid \`${head}\``
      )
    changes.set(pathOf(path), null)
  }
  return changes
}

const list = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(members) : []

function pathOf(path: unknown): string {
  const text = String(path)
  const bad = text.split('/').some(part => ['', '.', '..', '.git'].includes(part))
  if (bad) throw new FieldFailure('UNPROCESSABLE', `A path was requested which is invalid: ${text}`)
  return text
}

/** GitHub refuses what is not base64; Node would read it somehow. */
function decode(contents: unknown): Uint8Array {
  const text = String(contents)
  const bytes = Buffer.from(text, 'base64')
  if (typeof contents !== 'string' || bytes.toString('base64') !== text.replaceAll('\n', ''))
    throw new FieldFailure('UNPROCESSABLE', 'Could not coerce value to Base64String')
  return bytes
}

function messageOf({ headline, body }: Readonly<Record<string, unknown>>): string {
  const more = typeof body === 'string' && body !== '' ? `\n${body}\n` : ''
  return `${headline}\n${more}`
}

/** The author is the token's owner; GitHub itself commits and signs. */
function signatures({ people, now }: GithubWorld, { actor }: TokenGrant) {
  const person = people.of(actor)
  const timestamp = Math.floor(now() / 1000)
  return {
    author: { name: person.login, email: addressOf(person), timestamp },
    committer: { name: 'GitHub', email: 'noreply@github.com', timestamp }
  }
}
