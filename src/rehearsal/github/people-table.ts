import { type Identifiers, nodeId } from './identifier.ts'

/** An account. */
export interface Person {
  readonly login: string
  readonly id: number
}

/** The accounts of the simulated GitHub. Whoever is named by hand exists from then on. */
export interface PeopleTable {
  /** The account, made when it is new. Logins are compared without case. */
  of(login: string): Person
  find(login: string): Person | undefined
  byId(id: number): Person | undefined
}

/** Nobody yet. A team is kept as an account whose login begins with `@`. */
export function createPeopleTable(identifiers: Identifiers): PeopleTable {
  const people = new Map<string, Person>()
  const find = (login: string) => people.get(login.toLowerCase())
  return {
    find,
    of: login => {
      const person = find(login) ?? { login, id: identifiers.next('user') }
      people.set(login.toLowerCase(), person)
      return person
    },
    byId: id => [...people.values()].find(person => person.id === id)
  }
}

/** `simple-user` of the API. */
export function viewPerson({ login, id }: Person) {
  const url = `https://api.github.com/users/${encodeURIComponent(login)}`
  return {
    login,
    id,
    node_id: nodeId('U', id),
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `https://github.com/${encodeURIComponent(login)}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    user_view_type: 'public',
    site_admin: false
  }
}

/** `public-user` of the API. */
export function viewProfile(person: Person, createdAt: string) {
  return {
    ...viewPerson(person),
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 1,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: createdAt,
    updated_at: createdAt
  }
}

/** The address GitHub gives an account's commits. */
export const addressOf = ({ login, id }: Person): string =>
  `${id}+${login}@users.noreply.github.com`
