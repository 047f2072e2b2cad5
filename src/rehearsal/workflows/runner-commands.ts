import type { Annotation } from './records.ts'

const ANNOTATIONS_PER_LEVEL = 10
const LONGEST_MESSAGE = 4096
const LARGEST_SUMMARY = 1024 * 1024

/** The log of one step: commands in it are obeyed, secrets in it are masked. */
export interface StepLog {
  /** One line of output. */
  line(text: string): void
  annotate(annotation: Annotation): void
  readonly text: string
  readonly annotations: readonly Annotation[]
}

/** What must not be seen in the log of one job. */
export interface Masks {
  add(value: string): void
  hide(text: string): string
  /** Whether a text holds one of them. */
  finds(text: string): boolean
}

export function createMasks(): Masks {
  const values = new Set<string>()
  return {
    add: value => {
      for (const each of [value, ...value.split(/\r?\n/u)]) if (each.trim() !== '') values.add(each)
    },
    hide: text => [...values].reduce((safe, value) => safe.replaceAll(value, '***'), text),
    finds: text => [...values].some(value => text.includes(value))
  }
}

export function createStepLog(masks: Masks): StepLog {
  const lines: string[] = []
  const annotations: Annotation[] = []
  const annotate = ({ level, title, message }: Annotation): void => {
    const cut = masks.hide(message).slice(0, LONGEST_MESSAGE)
    lines.push(`##[${level}]${title === '' ? '' : `${masks.hide(title)}: `}${cut}`)
    if (annotations.filter(other => other.level === level).length < ANNOTATIONS_PER_LEVEL) {
      annotations.push({ level, title: masks.hide(title), message: cut })
    }
  }
  return {
    line: text => {
      const command = parseCommand(text)
      if (command?.name === 'add-mask') masks.add(command.message)
      else if (command && isLevel(command.name)) {
        const { title = '' } = command.properties
        annotate({ level: command.name, title, message: command.message })
      } else lines.push(masks.hide(text))
    },
    annotate,
    get text() {
      return lines.join('\n')
    },
    annotations
  }
}

interface Command {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
}

function parseCommand(line: string): Command | undefined {
  const [, name, rest = '', message = ''] = /^::([\w-]+)(?: (.*?))?::(.*)$/u.exec(line) ?? []
  if (name === undefined) return undefined
  const properties = rest
    .split(',')
    .filter(Boolean)
    .map(pair => {
      const at = pair.indexOf('=')
      const value = unescaped(pair.slice(at + 1))
        .replaceAll('%3A', ':')
        .replaceAll('%2C', ',')
      return [pair.slice(0, at).trim(), value]
    })
  return { name, properties: Object.fromEntries(properties), message: unescaped(message) }
}

function unescaped(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}

function isLevel(name: string): name is Annotation['level'] {
  return name === 'notice' || name === 'warning' || name === 'error'
}

/**
 * Names and values in a file that a step has written for the runner: `name=value`, or
 * `name<<delimiter`, the value's lines, the delimiter.
 */
export function parseFileCommands(text: string): readonly (readonly [string, string])[] {
  const lines = text.split(/\r?\n/u)
  const found: (readonly [string, string])[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const [, name, delimiter] = /^([^=<]+)<<(.+)$/u.exec(line) ?? []
    if (name !== undefined) {
      const end = lines.indexOf(delimiter ?? '', index + 1)
      if (end === -1) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
      found.push([name, lines.slice(index + 1, end).join('\n')])
      index = end
    } else if (line.includes('=')) {
      const at = line.indexOf('=')
      found.push([line.slice(0, at), line.slice(at + 1)])
    }
  }
  return found
}

/** The summary as it would be uploaded: one that is too large is dropped whole, with a remark. */
export function uploadedSummary(text: string, log: StepLog): string {
  if (Buffer.byteLength(text) <= LARGEST_SUMMARY) return text
  log.annotate({
    level: 'error',
    title: '',
    message: '$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k'
  })
  return ''
}
