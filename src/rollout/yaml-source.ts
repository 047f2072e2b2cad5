import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit
} from 'yaml'

export type Path = readonly (string | number)[]

/** A mistake in a file, at a place a person can click on. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `phases[1].soak`; empty for the file as a whole. */
  readonly path: string
  /** The value as written, cut to one line, never a credential; undefined when there is none. */
  readonly value: string | undefined
  readonly message: string
  readonly fix: string
}

/** A part of a file and where it stands. */
export interface Placed<T> {
  readonly path: Path
  readonly value: T
}

/** The keys of a mapping; undefined for anything else. */
export function record(data: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : undefined
}

/** A YAML text that remembers where everything stands. */
export interface YamlSource {
  /** Plain data; undefined when the text is not YAML. */
  readonly data: unknown
  readonly syntaxProblems: readonly Problem[]
  /** A problem with the value at `path`, or with the nearest parent that exists. */
  problem(path: Path, message: string, fix: string): Problem
  /** A problem with a key of the map at `path`. */
  keyProblem(path: Path, key: string, message: string, fix: string): Problem
  /** Whether the file has a value there. */
  has(path: Path): boolean
}

/** Reads one YAML document. Never throws; a syntax error is a problem like any other. */
export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error'
  })
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  const locate = (path: Path, found: Located, message: string, fix: string): Problem => ({
    file,
    ...at(found.offset),
    path: formatPath(path),
    value: found.shown,
    message,
    fix
  })

  const { data, faults } = readData(document)
  return {
    data,
    syntaxProblems: faults.map(({ offset, message, fix }) => ({
      file,
      ...at(offset),
      path: '',
      value: undefined,
      message: `is not valid YAML: ${message}`,
      fix
    })),
    problem: (path, message, fix) => locate(path, locateValue(document, path), message, fix),
    keyProblem: (path, key, message, fix) =>
      locate([...path, key], locateKey(document, path, key), message, fix),
    has: path => locateValue(document, path).depth === path.length
  }
}

interface Fault {
  readonly offset: number
  readonly message: string
  readonly fix: string
}

/** Plain data, or why there is none. */
function readData(document: Document.Parsed): { data?: unknown; faults: readonly Fault[] } {
  const faults = [...document.errors.map(syntaxFault), ...lostAliases(document)]
  if (faults.length > 0) return { faults }
  try {
    return { data: document.toJS(), faults }
  } catch {
    // Aliases that unfold without end, or a merge of what is no map.
    const fix = 'write out what its aliases and merges stand for'
    return { faults: [{ offset: 0, message: 'its aliases or merges cannot be carried out', fix }] }
  }
}

/** What follows a colon in the parser's words is the text itself, which may hold a credential. */
function syntaxFault({ pos, message }: Document.Parsed['errors'][number]): Fault {
  const fix = 'correct the indentation, the quotes or the brackets around this place'
  return { offset: pos[0], message: message.split(/[:;\n]/u)[0] ?? '', fix }
}

function lostAliases(document: Document.Parsed): readonly Fault[] {
  const faults: Fault[] = []
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return
      const fix = 'write the anchor before the alias, or the value itself'
      faults.push({ offset: alias.range?.[0] ?? 0, message: 'an alias without an anchor', fix })
    }
  })
  return faults
}

interface Located {
  readonly offset: number
  readonly shown: string | undefined
  /** How much of the path exists. */
  readonly depth: number
}

function locateValue(document: Document, path: Path): Located {
  let node = resolve(document, document.contents)
  let offset = node?.range?.[0] ?? 0
  for (const [depth, step] of path.entries()) {
    const pair = child(node, step)
    if (pair === undefined) return { offset, shown: undefined, depth }
    offset = pair.range?.[0] ?? offset
    node = resolve(document, pair)
  }
  return { offset, shown: show(node), depth: path.length }
}

function locateKey(document: Document, path: Path, key: string): Located {
  const parent = locateValue(document, path)
  const node = walk(document, path)
  const pair = isMap(node) ? node.items.find(item => keyOf(item) === key) : undefined
  const keyNode = pair?.key as Node | undefined
  return { ...parent, offset: keyNode?.range?.[0] ?? parent.offset, shown: undefined }
}

function walk(document: Document, path: Path): Node | undefined {
  return path.reduce<Node | undefined>(
    (node, step) => resolve(document, child(node, step)),
    resolve(document, document.contents)
  )
}

function child(node: Node | undefined, step: string | number): Node | undefined {
  if (!isCollection(node)) return undefined
  const found: unknown = node.get(step, true)
  return (found as Node | undefined) ?? undefined
}

function resolve(document: Document, node: Node | null | undefined): Node | undefined {
  return isAlias(node) ? node.resolve(document) : (node ?? undefined)
}

function keyOf(pair: Pair): unknown {
  return isScalar(pair.key) ? pair.key.value : pair.key
}

function show(node: Node | undefined): string | undefined {
  if (!isScalar(node)) return undefined
  const written = typeof node.value === 'string' ? JSON.stringify(node.value) : String(node.value)
  if (isCredential(written)) return NOT_SHOWN
  return written.length > 60 ? `${written.slice(0, 57)}…` : written
}

/** Stands where the text has something that must not be repeated in a log. */
export const NOT_SHOWN = '(not shown)'

/** A connection string, or a password with its keyword, wherever somebody pasted it. */
function isCredential(text: string): boolean {
  return /:\/\/.*@|password\s*[=:]/isu.test(text)
}

function formatPath(path: Path): string {
  return path
    .map(step => (typeof step === 'string' && isCredential(step) ? NOT_SHOWN : step))
    .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./u, '')
}

/** One line per problem: `file:line:column path: value message. Fix: …`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, value, message, fix } = problem
  const subject = [path === '' ? undefined : path, value].filter(part => part !== undefined)
  return `${file}:${line}:${column} ${subject.join(' = ')} ${message}. Fix: ${fix}.`.replaceAll(
    /\s+/gu,
    ' '
  )
}
