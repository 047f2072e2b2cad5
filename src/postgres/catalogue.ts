import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { types } from 'node:util'
import type { MetricHeader, MetricKind } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { type HeaderGroup, parseHeader } from './header.ts'
import { parseStatement, type Statement } from './statement.ts'

/** One SQL file or the folder of some, and the name it goes by in front of people. */
export interface SqlPlace {
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
 * Reads every metric of these places, each once.
 * @throws InputError with all mistakes in all headers, or the first one in a statement
 */
export async function loadCatalogue(places: readonly SqlPlace[]): Promise<Catalogue> {
  const problems: string[] = []
  const files = (await readPlaces(places)).map(file => metricFile(file, problems))
  const headers = files.flatMap(file => file.metrics)
  problems.push(...repeated(headers.map(header => [header.name, header.file])))
  refuse(
    problems,
    'Each metric needs `--! metric`, `kind`, `asks` and `unit`, once, in that order.'
  )
  return { headers, files }
}

/** The files that a look at these metrics runs. */
export function filesFor({ files }: Catalogue, metrics: readonly string[]): readonly MetricFile[] {
  return files.filter(file => file.metrics.some(({ name }) => metrics.includes(name)))
}

/**
 * Reads every evidence query of these places, in the order of their names.
 * @throws InputError with all mistakes in all headers, or the first one in a statement
 */
export async function loadEvidenceFiles(
  places: readonly SqlPlace[]
): Promise<readonly EvidenceFile[]> {
  const problems: string[] = []
  const files = (await readPlaces(places)).map(file => evidenceFile(file, problems))
  problems.push(...repeated(files.map(file => [file.stem, file.statement.file])))
  refuse(problems, 'Each evidence query needs `--! evidence` and `--! asks`, once.')
  return files
}

interface TextFile {
  readonly shownAs: string
  readonly text: string
}

const KINDS: readonly string[] = [
  'proportion',
  'count',
  'value',
  'transitions'
] satisfies readonly MetricKind[]
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

async function readPlaces(places: readonly SqlPlace[]): Promise<readonly TextFile[]> {
  const files = (await Promise.all(places.map(readPlace))).flat()
  const twice = files.find((file, index) =>
    files.some((other, before) => before < index && other.shownAs === file.shownAs)
  )
  if (twice === undefined) return files
  // The ledger tells files apart by these names.
  throw new InputError(
    'sql_file_repeated',
    `${twice.shownAs} is given twice, or two files go by that name.`,
    'Name each place once; sql/metrics is the folder of the bundled metrics, so rename your own file.'
  )
}

async function readPlace(place: SqlPlace): Promise<readonly TextFile[]> {
  try {
    const files = await filesIn(place)
    return await Promise.all(
      files.map(async file => ({
        shownAs: path.posix.normalize(file.shownAs),
        text: await readFile(file.path, 'utf8')
      }))
    )
  } catch (error) {
    const said = types.isNativeError(error) && 'code' in error ? ` (${error.code})` : ''
    throw new InputError(
      'sql_folder_missing',
      `The SQL files of ${place.shownAs} cannot be read${said}.`,
      'Create it, or take it out of the settings.'
    )
  }
}

/** A file is taken by whatever name, of a folder those that end in `.sql`. */
async function filesIn(place: SqlPlace): Promise<readonly SqlPlace[]> {
  if (!(await stat(place.path)).isDirectory()) return [place]
  const names = (await readdir(place.path)).filter(name => name.endsWith('.sql')).sort()
  return names.map(name => ({
    path: path.join(place.path, name),
    shownAs: path.posix.join(place.shownAs, name)
  }))
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
