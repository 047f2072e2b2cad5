import { nodeId } from './identifier.ts'
import { viewPerson } from './people-table.ts'
import { type GithubWorld, iso } from './world.ts'

/** `minimal-repository` of the API. */
export function viewMinimalRepository(world: GithubWorld) {
  const { id, name, fullName, webUrl, settings } = world
  const url = world.apiUrl()
  return {
    id,
    node_id: nodeId('R', id),
    name,
    full_name: fullName,
    private: settings.private,
    owner: viewPerson(world.people.of(world.owner)),
    html_url: webUrl,
    description: null,
    fork: false,
    url,
    ...linksBelow(url)
  }
}

/** `full-repository` of the API. */
export function viewRepository(world: GithubWorld) {
  const { fullName, webUrl, settings, defaultBranch } = world
  const created = iso(world.createdMs)
  return {
    ...viewMinimalRepository(world),
    created_at: created,
    updated_at: created,
    pushed_at: created,
    git_url: `git://github.com/${fullName}.git`,
    ssh_url: `git@github.com:${fullName}.git`,
    clone_url: `${webUrl}.git`,
    svn_url: webUrl,
    homepage: null,
    mirror_url: null,
    language: null,
    license: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    watchers: 0,
    forks_count: 0,
    forks: 0,
    open_issues_count: 0,
    open_issues: 0,
    subscribers_count: 0,
    network_count: 0,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    allow_forking: true,
    is_template: false,
    topics: [],
    visibility: settings.private ? 'private' : 'public',
    default_branch: defaultBranch
  }
}

const LINKS: Readonly<Record<string, string>> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}'
}

const linksBelow = (url: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(LINKS).map(([key, path]) => [key, `${url}${path}`]))
