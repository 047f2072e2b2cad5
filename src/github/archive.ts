import * as z from 'zod'
import { checkedBranch } from '../rollout/ledger-entry.ts'
import type { LedgerArchive } from '../rollout/ports.ts'
import { ProviderError } from '../rollout/rollgate-error.ts'
import { type GithubApi, settled } from './api.ts'
import type { Branches } from './branches.ts'

/** Texts that one query asks for. */
const AT_ONCE = 50

const NEEDS = 'contents: read'

const tree = z.object({
  truncated: z.boolean(),
  tree: z.array(z.object({ path: z.string(), type: z.string(), sha: z.string() }))
})

const blob = z
  .object({ text: z.string().nullish(), isTruncated: z.boolean().optional() })
  .nullable()

const answer = z.object({ repository: z.record(z.string(), blob) })

/**
 * The files of a ledger on a branch of the repository, all of one commit: the newest when it is first
 * asked. Texts that are wanted at the same time come in a few queries, since a rollout has hundreds.
 */
export function createGithubArchive(
  api: GithubApi,
  branches: Branches,
  name: string
): LedgerArchive {
  const branch = checkedBranch(name)
  let found: Promise<ReadonlyMap<string, string>> | undefined
  const files = (): Promise<ReadonlyMap<string, string>> => {
    found ??= listFiles(api, branches, branch)
    return found
  }
  const readText = batched(oids => readTexts(api, branches, oids))
  return {
    list: async () => [...(await files()).keys()],
    read: async path => {
      const oid = (await files()).get(path)
      return oid === undefined ? undefined : readText(oid)
    }
  }
}

/** The id of every file's text, by path. */
async function listFiles(
  api: GithubApi,
  branches: Branches,
  branch: string
): Promise<ReadonlyMap<string, string>> {
  const head = await branches.head(branch)
  return new Map(head === undefined ? [] : await listBelow(api, head, ''))
}

type Entry = readonly [path: string, oid: string]

async function listBelow(api: GithubApi, oid: string, folder: string): Promise<readonly Entry[]> {
  const whole = await readTree(api, oid, true)
  if (!whole.truncated) return filesIn(whole, folder)
  // Too large to be told at once, so folder by folder.
  const top = await readTree(api, oid, false)
  if (top.truncated) throw tooLarge(folder)
  const folders = top.tree.filter(({ type }) => type === 'tree')
  const below = await Promise.all(
    folders.map(({ path, sha }) => listBelow(api, sha, `${folder}${path}/`))
  )
  return [...filesIn(top, folder), ...below.flat()]
}

function filesIn({ tree: entries }: z.infer<typeof tree>, folder: string): readonly Entry[] {
  const files = entries.filter(({ type }) => type === 'blob')
  return files.map(({ path, sha }) => [`${folder}${path}`, sha])
}

function readTree(api: GithubApi, oid: string, recursive: boolean): Promise<z.infer<typeof tree>> {
  return api.ask(NEEDS, tree, client =>
    client.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
      ...api.repository,
      tree_sha: oid,
      ...(recursive ? { recursive: '1' } : {})
    })
  )
}

function tooLarge(folder: string): ProviderError {
  return new ProviderError(
    'ledger_unreadable',
    `GitHub does not list every file in ${folder || 'the ledger'}: there are too many.`,
    'Fetch the branch with git and read it from a folder.'
  )
}

async function readTexts(
  api: GithubApi,
  branches: Branches,
  oids: readonly string[]
): Promise<readonly string[]> {
  const names = oids.map((_, index) => `o${index}`)
  const { repository } = settled(
    await api.query({
      needs: NEEDS,
      what: 'the query of the ledger’s files',
      document: documentOf(names),
      variables: {
        ...api.repository,
        ...Object.fromEntries(oids.map((oid, index) => [`o${index}`, oid]))
      },
      answer,
      repeatable: true
    })
  )
  return Promise.all(
    oids.map((oid, index) => {
      const { text, isTruncated } = repository[`o${index}`] ?? {}
      // GitHub cuts a long text, and has none for what it takes for binary.
      return typeof text === 'string' && isTruncated !== true ? text : branches.readText(oid)
    })
  )
}

function documentOf(names: readonly string[]): string {
  const variables = names.map(name => `, $${name}: GitObjectID!`).join('')
  const objects = names.map(name => `    ${name}: object(oid: $${name}) { ...text }`).join('\n')
  return `query RollgateArchive($owner: String!, $repo: String!${variables}) {
  repository(owner: $owner, name: $repo) {
${objects}
  }
}
fragment text on Blob { text isTruncated }`
}

/** What is asked for before anything else happens is asked for together. */
function batched(
  readAll: (keys: readonly string[]) => Promise<readonly string[]>
): (key: string) => Promise<string> {
  let waiting: string[] = []
  let answers: Promise<ReadonlyMap<string, string>> | undefined
  const ask = async (): Promise<ReadonlyMap<string, string>> => {
    await Promise.resolve()
    const keys = [...new Set(waiting)]
    waiting = []
    answers = undefined
    const chunks = Array.from({ length: Math.ceil(keys.length / AT_ONCE) }, (_, chunk) =>
      keys.slice(chunk * AT_ONCE, (chunk + 1) * AT_ONCE)
    )
    const texts = await Promise.all(chunks.map(readAll))
    return new Map(texts.flat().map((text, index) => [keys[index] ?? '', text]))
  }
  return async key => {
    waiting.push(key)
    answers ??= ask()
    return (await answers).get(key) ?? ''
  }
}
