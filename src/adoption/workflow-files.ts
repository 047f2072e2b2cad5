import { isSeq, parseDocument } from 'yaml'
import type { Answers } from './answers.ts'
import { wakeUpCron } from './cron.ts'
import { definitionPath } from './definition-text.ts'
import { METRICS_FOLDER } from './metric-files.ts'
import type { TextFile } from './ports.ts'

/** The workflow files by what they are for, under the names they have in the user's repository. */
export const WORKFLOWS = {
  rollout: 'rollout.yml',
  monitor: 'rollout-monitor.yml',
  rollback: 'rollout-rollback.yml',
  timers: 'rollout-timers.yml'
} as const

/** Rollgate's own templates, as their texts. */
export type WorkflowTemplates = Readonly<Record<keyof typeof WORKFLOWS, string>>

export interface WorkflowChoices {
  /** With the workflow of wait timers. */
  readonly timers: boolean
  /** What the monitor watches. The first one is what a person who starts a workflow is offered. */
  readonly definitions: readonly string[]
}

/** Where the monitor stands in the user's repository. */
export const MONITOR_PATH = `.github/workflows/${WORKFLOWS.monitor}`

/** Where the workflow of wait timers stands in the user's repository. */
export const TIMERS_PATH = `.github/workflows/${WORKFLOWS.timers}`

/** The definitions that a monitor watches; none when it is not one that was written here. */
export function watchedBy(monitor: string): readonly string[] {
  const list: unknown = parseDocument(monitor).getIn(['env', 'DEFINITIONS'])
  return typeof list === 'string'
    ? list
        .split('\n')
        .map(line => line.trim())
        .filter(Boolean)
    : []
}

/**
 * The workflows for these answers. A template marks what is to be filled in: at the end of its line
 * stands `# init:` and what belongs there.
 */
export function workflowFiles(
  answers: Answers,
  templates: WorkflowTemplates,
  { timers, definitions }: WorkflowChoices
): readonly TextFile[] {
  const kinds = (Object.keys(WORKFLOWS) as (keyof typeof WORKFLOWS)[]).filter(
    kind => timers || kind !== 'timers'
  )
  const values = valuesOf(answers, timers, definitions)
  return kinds.map(kind => ({
    path: `.github/workflows/${WORKFLOWS[kind]}`,
    text: checked(WORKFLOWS[kind], fill(templates[kind], values))
  }))
}

/** The waits of the timers workflow, as `30m`; each has a GitHub environment of its own. */
export function timerWaits({ timers }: WorkflowTemplates): readonly string[] {
  const waits = parseDocument(timers).getIn(['jobs', 'wake', 'strategy', 'matrix', 'wait'])
  return isSeq(waits) ? (waits.toJSON() as readonly unknown[]).map(String) : []
}

type Values = ReadonlyMap<string, string>

function valuesOf(answers: Answers, timers: boolean, definitions: readonly string[]): Values {
  return new Map([
    ['action', answers.action],
    ['cron', `"${wakeUpCron(answers.repository)}"`],
    ['database-secret', `\${{ secrets.${answers.databaseSecret} }}`],
    ['definition', definitions[0] ?? definitionPath(answers.name)],
    ['definitions', definitions.join('\n')],
    ['metrics', METRICS_FOLDER],
    ['rollout-workflow', WORKFLOWS.rollout],
    ['monitor-workflow', WORKFLOWS.monitor],
    ['rollback-workflow', WORKFLOWS.rollback],
    ['timers-workflow', timers ? WORKFLOWS.timers : '""']
  ])
}

const MARKED = /^(.*?: )(.+?) # init: ([a-z-]+)$/u
const ABOUT_THE_MARKS = /^#.*`# init:`/u

function fill(template: string, values: Values): string {
  const lines = template.split('\n').filter(line => !ABOUT_THE_MARKS.test(line))
  return lines.map((line, index) => fillLine(line, lines[index - 1] ?? '', values)).join('\n')
}

function fillLine(line: string, before: string, values: Values): string {
  // The text of a block begins on the line below its mark.
  const [, , opened, blockMark = ''] = MARKED.exec(before) ?? []
  if (opened === '|') {
    const indent = line.slice(0, line.search(/\S/u))
    return valueFor(values, `${blockMark}s`).replaceAll(/^/gmu, indent)
  }
  const [, lead = '', standing = '', mark] = MARKED.exec(line) ?? []
  if (mark === undefined) return line
  return standing === '|' ? `${lead}|` : `${lead}${valueFor(values, mark)}`
}

function valueFor(values: Values, mark: string): string {
  const value = values.get(mark)
  if (value === undefined) throw new Error(`A workflow template has an unknown mark: ${mark}.`)
  return value
}

/** A template that no longer fits is a fault of Rollgate, and nothing that its user could put right. */
function checked(file: string, text: string): string {
  const [problem] = parseDocument(text).errors
  if (problem !== undefined) throw new Error(`${file} would be no YAML: ${problem.message}`)
  if (/# init:|OWNER\/|@0{40}/u.test(text)) throw new Error(`${file} has a mark left.`)
  return text
}
