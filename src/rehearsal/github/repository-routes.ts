import { answer } from '../http/route.ts'
import { type Entry, OID } from './git-data.ts'
import { wrappedBase64 } from './git-routes.ts'
import { viewProfile } from './people-table.ts'
import { notFound, refusal } from './refusal.ts'
import { viewRepository } from './repository-view.ts'
import { actorOf, type GithubRoute, type GithubWorld, iso, REPOSITORY_PATH } from './world.ts'

/** The repository itself, its files, the rules of its branches, and people. */
export function repositoryRoutes(world: GithubWorld): readonly GithubRoute[] {
  const { people, rulesets, createdMs } = world
  const contents = `${REPOSITORY_PATH}/contents`
  return [
    {
      method: 'GET',
      paths: [REPOSITORY_PATH],
      needs: 'metadata:read',
      query: [],
      handle: () => answer(viewRepository(world))
    },
    {
      method: 'GET',
      paths: [`${contents}/:path{.+}`, contents, `${contents}/`],
      needs: 'contents:read',
      query: ['ref'],
      handle: ({ params, query }) => readContents(world, params['path'] ?? '', query['ref'])
    },
    {
      method: 'GET',
      paths: [`${REPOSITORY_PATH}/rules/branches/:branch{.+}`],
      needs: 'metadata:read',
      query: ['per_page', 'page'],
      handle: ({ params }) =>
        answer(
          rulesets.of(params['branch'] ?? '').map(({ rulesetId, ...rule }) => ({
            ...rule,
            ruleset_source_type: 'Repository',
            ruleset_source: world.fullName,
            ruleset_id: rulesetId
          }))
        )
    },
    {
      method: 'GET',
      paths: ['/users/:username'],
      needs: undefined,
      query: [],
      handle: ({ params }) => {
        const person = people.find(params['username'] ?? '')
        if (!person) throw notFound()
        return answer(viewProfile(person, iso(createdMs)))
      }
    },
    {
      method: 'GET',
      paths: ['/user'],
      needs: 'user:read',
      query: [],
      handle: request => answer(viewProfile(actorOf(world, request), iso(createdMs)))
    }
  ]
}

async function readContents(world: GithubWorld, path: string, ref: string | undefined) {
  const { git, defaultBranch } = world
  const commit = await git.resolve(ref ?? defaultBranch)
  if (commit === undefined) throw refusal(404, `No commit found for the ref ${ref}`)
  // What a link is made with: a name stays a name, so that it can be opened by people.
  const shown = ref === undefined || OID.test(ref) ? (ref ?? defaultBranch) : ref
  const trimmed = path.replaceAll(/^\/+|\/+$/gu, '')
  if (trimmed === '') return answer(await viewFolder(world, '', commit, shown))
  const entry = await git.entryAt(commit, trimmed)
  if (!entry || entry.type === 'commit') throw notFound()
  if (entry.type === 'tree') return answer(await viewFolder(world, trimmed, entry.oid, shown))
  const bytes = await git.blob(entry.oid)
  // Between one and a hundred megabytes the object form has no content.
  const readable = bytes.length <= 1024 * 1024
  return answer({
    ...viewEntry(world, trimmed, entry, bytes.length, shown),
    content: readable ? wrappedBase64(bytes) : '',
    encoding: readable ? 'base64' : 'none'
  })
}

async function viewFolder(world: GithubWorld, path: string, tree: string, ref: string) {
  const entries = (await world.git.tree(tree)).filter(({ type }) => type !== 'commit')
  return Promise.all(
    entries.map(async entry => {
      const size = entry.type === 'blob' ? (await world.git.blob(entry.oid)).length : 0
      return viewEntry(world, path === '' ? entry.path : `${path}/${entry.path}`, entry, size, ref)
    })
  )
}

function viewEntry(world: GithubWorld, path: string, entry: Entry, size: number, ref: string) {
  const file = entry.type === 'blob'
  const escaped = path.split('/').map(encodeURIComponent).join('/')
  const url = `${world.apiUrl()}/contents/${escaped}?ref=${encodeURIComponent(ref)}`
  const git = `${world.apiUrl()}/git/${entry.type}s/${entry.oid}`
  const html = `${world.webUrl}/${entry.type}/${encodeURIComponent(ref)}/${escaped}`
  return {
    name: path.split('/').at(-1) ?? path,
    path,
    sha: entry.oid,
    size,
    type: file ? 'file' : 'dir',
    url,
    git_url: git,
    html_url: html,
    download_url: file
      ? `https://raw.githubusercontent.com/${world.fullName}/${encodeURIComponent(ref)}/${escaped}`
      : null,
    _links: { self: url, git, html }
  }
}
