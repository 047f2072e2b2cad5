import type { ObjectStore, TreeEntry } from './object-store.ts'

/**
 * A tree like the given one (a tree, a commit, or nothing yet) in which these paths hold these texts;
 * everything else in it stays. Returns the new tree's id.
 */
export async function graft(
  store: ObjectStore,
  base: string | undefined,
  texts: ReadonlyMap<string, string>
): Promise<string> {
  const entries = new Map((base ? await store.readTree(base) : []).map(e => [e.path, e]))
  const written = await Promise.all(
    [...byFirstSegment(texts)].map(([name, below]) =>
      writeEntry(store, name, entries.get(name), below)
    )
  )
  for (const entry of written) entries.set(entry.path, entry)
  return store.writeTree([...entries.values()])
}

/** What stands at a path of a tree or commit. */
export async function findEntry(
  store: ObjectStore,
  base: string,
  path: string
): Promise<TreeEntry | undefined> {
  const [name, ...below] = path.split('/')
  const entry = (await store.readTree(base)).find(e => e.path === name)
  if (below.length === 0 || entry === undefined) return entry
  return entry.kind === 'tree' ? findEntry(store, entry.oid, below.join('/')) : undefined
}

async function writeEntry(
  store: ObjectStore,
  path: string,
  before: TreeEntry | undefined,
  below: ReadonlyMap<string, string>
): Promise<TreeEntry> {
  const text = below.get('')
  if (text !== undefined) return { path, kind: 'blob', oid: await store.writeText(text) }
  const base = before?.kind === 'tree' ? before.oid : undefined
  return { path, kind: 'tree', oid: await graft(store, base, below) }
}

/** `a/b` becomes `b` below `a`; a file itself becomes the empty path below its name. */
function byFirstSegment(
  texts: ReadonlyMap<string, string>
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const groups = new Map<string, Map<string, string>>()
  for (const [path, text] of texts) {
    const [name = '', ...below] = path.split('/')
    groups.set(name, (groups.get(name) ?? new Map()).set(below.join('/'), text))
  }
  return groups
}
