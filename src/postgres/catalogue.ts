import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { types } from 'node:util'
import type { MetricHeader, MetricKind } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { type HeaderGroup, parseHeader } from './header.ts'
import { parseStatement, type Statement } from './statement.ts'

/** A folder of SQL files, and the name it goes by in front of people. */
export interface SqlFolder {
  readonly path: string
  readonly shownAs: string
}

interface SqlFile {
  readonly statement: Statement
  /** SHA-256 of the file's text, as `sha256sum` prints it. */
  readonly digest: string
}

/** A file that answers one or several metrics in one scan. */
export interface MetricFile extends SqlFile {
  readonly metrics: readonly MetricHeader[]
}

/** Every metric there is, and the files that answer them. */
export interface Catalogue {
  readonly headers: readonly MetricHeader[]
  readonly files: readonly MetricFile[]
}

/** A query whose rows are kept and never judged. */
export interface EvidenceFile extends SqlFile {
  readonly name: string
  readonly asks: string
  /** The file's own name without `.sql`: `01-success-rate`. */
  readonly stem: string
}

/**
 * Reads every metric of the folders, each once.
 * @throws InputError with all mistakes in all headers, or the first one in a statement
 */
export async function loadCatalogue(folders: readonly SqlFolder[]): Promise<Catalogue> {
  const problems: string[] = []
  const files = (await readFolders(folders)).map(file => metricFile(file, problems))
  const headers = files.flatMap(file => file.metrics)
  problems.push(...repeated(headers.map(header => [header.name, header.file])))
  refuse(
    problems,
    'Each metric needs `--! metric`, `kind`, `asks` and `unit`, once, in that order.'
  )
  return { headers, files }
}

/**
 * Reads every evidence query of the folders, in the order of their names.
 * @throws InputError with all mistakes in all headers, or the first one in a statement
 */
export async function loadEvidenceFiles(
  folders: readonly SqlFolder[]
): Promise<readonly EvidenceFile[]> {
  const problems: string[] = []
  const files = (await readFolders(folders)).map(file => evidenceFile(file, problems))
  problems.push(...repeated(files.map(file => [file.stem, file.statement.file])))
  refuse(problems, 'Each evidence query needs `--! evidence` and `--! asks`, once.')
  return files
}

interface TextFile {
  readonly shownAs: string
  readonly text: string
}

const KINDS: readonly string[] = ['proportion', 'count', 'value'] satisfies readonly MetricKind[]
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u

function metricFile({ shownAs, text }: TextFile, problems: string[]): MetricFile {
  const shape = { opening: 'metric', required: ['kind', 'asks', 'unit'] }
  const header = parseHeader(shownAs, text, shape)
  const wrong = header.groups.flatMap(group => metricProblems(shownAs, group))
  problems.push(...header.problems, ...wrong)
  const metrics = header.groups.map(({ values }) => ({
    name: values['metric'] ?? '',
    kind: values['kind'] as MetricKind,
    asks: values['asks'] ?? '',
    unit: values['unit'] ?? '',
    file: shownAs
  }))
  return { ...sqlFile(shownAs, text), metrics }
}

function metricProblems(file: string, { line, values }: HeaderGroup): readonly string[] {
  const { metric = '', kind } = values
  const badName = NAME.test(metric)
    ? []
    : [`${file}:${line}: \`${metric}\` is no metric name (a-b-1)`]
  const known = kind === undefined || KINDS.includes(kind)
  return known
    ? badName
    : [
        ...badName,
        `${file}:${line}: the kind of ${metric} is \`${kind}\`, not one of ${KINDS.join(', ')}`
      ]
}

function evidenceFile({ shownAs, text }: TextFile, problems: string[]): EvidenceFile {
  const header = parseHeader(shownAs, text, { opening: 'evidence', required: ['asks'] })
  problems.push(...header.problems)
  if (header.groups.length > 1) problems.push(`${shownAs}:1: more than one \`--! evidence\``)
  const values = header.groups[0]?.values ?? {}
  return {
    ...sqlFile(shownAs, text),
    name: values['evidence'] ?? '',
    asks: values['asks'] ?? '',
    stem: path.posix.basename(shownAs, '.sql')
  }
}

function sqlFile(shownAs: string, text: string): SqlFile {
  return {
    statement: parseStatement(shownAs, text),
    digest: createHash('sha256').update(text).digest('hex')
  }
}

async function readFolders(folders: readonly SqlFolder[]): Promise<readonly TextFile[]> {
  const perFolder = await Promise.all(folders.map(readFolder))
  return perFolder.flat()
}

async function readFolder(folder: SqlFolder): Promise<readonly TextFile[]> {
  const names = await listFolder(folder)
  const files = names.filter(name => name.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async name => ({
      shownAs: path.posix.join(folder.shownAs, name),
      text: await readFile(path.join(folder.path, name), 'utf8')
    }))
  )
}

async function listFolder(folder: SqlFolder): Promise<readonly string[]> {
  try {
    return await readdir(folder.path)
  } catch (error) {
    const said = types.isNativeError(error) && 'code' in error ? ` (${error.code})` : ''
    throw new InputError(
      'sql_folder_missing',
      `The folder of SQL files ${folder.shownAs} cannot be read${said}.`,
      'Create it, or take it out of the settings.'
    )
  }
}

function repeated(named: readonly (readonly [string, string])[]): readonly string[] {
  return named.flatMap(([name, file], index) => {
    const first = named.findIndex(([other]) => other === name)
    return first === index ? [] : [`${file}: ${name} is already in ${named[first]?.[1]}`]
  })
}

function refuse(problems: readonly string[], remedy: string): void {
  if (problems.length === 0) return
  throw new InputError('sql_header_invalid', problems.join('\n'), remedy)
}
