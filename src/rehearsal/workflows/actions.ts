import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isMapping, isString, NoOperationTraceWriter } from '@actions/workflow-parser'
import { parseAction } from '@actions/workflow-parser/actions/action-parser'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { JobFailure } from './records.ts'

/** A JavaScript action as its action.yml describes it. */
export interface Action {
  readonly folder: string
  /** The file that node runs. */
  readonly main: string
  /** Defaults by input, unevaluated; undefined where there is none. */
  readonly defaults: ReadonlyMap<string, TemplateToken | undefined>
}

/** Where a workflow comes from: `$/` leads there. */
export interface Origin {
  readonly repository: string
  /** Where its workflow files lie, as committed. */
  readonly folder: string
  /** Where its actions lie. */
  readonly actions: string
  readonly sha: string
}

export const CHECKOUT = /^actions\/checkout@/u

/** The folder that a step's `uses` names. @throws JobFailure when nobody here has it */
export function actionFolder(
  uses: string,
  origin: Origin,
  workspace: string,
  homes: Readonly<Record<string, string>>
): string {
  if (uses.startsWith('./')) return path.join(workspace, uses)
  if (uses.startsWith('$/')) {
    if (uses === '$/' || uses.includes('@'))
      throw new JobFailure(`Invalid action reference ${uses}`)
    return path.join(origin.actions, uses.slice(2))
  }
  const [, repository = '', below = ''] = /^([^/@]+\/[^/@]+)(\/[^@]*)?@.+$/u.exec(uses) ?? []
  const home = homes[repository]
  if (home === undefined)
    throw new JobFailure(`Unable to resolve action ${uses}: it is not emulated`)
  return path.join(home, below)
}

const known = new Map<string, Action>()

/** @throws JobFailure when there is no JavaScript action */
export async function readAction(folder: string): Promise<Action> {
  const file = path.join(folder, 'action.yml')
  const content = await readFile(file, 'utf8').catch(() => {
    throw new JobFailure(
      `Can't find 'action.yml' under '${folder}'. Did you forget to run actions/checkout?`
    )
  })
  const key = `${folder}\n${content}`
  const found = known.get(key) ?? parse(folder, file, content)
  known.set(key, found)
  return found
}

function parse(folder: string, file: string, content: string): Action {
  const { context, value } = parseAction({ name: file, content }, new NoOperationTraceWriter())
  const [problem] = context.errors.getErrors()
  if (problem !== undefined) throw new JobFailure(problem.message)
  const main = find(find(value, 'runs'), 'main')
  if (main === undefined || !isString(main)) {
    throw new JobFailure(`${file} is no JavaScript action: others are not emulated`)
  }
  const inputs = find(value, 'inputs')
  const defaults = (inputs !== undefined && isMapping(inputs) ? [...inputs] : []).map(
    ({ key, value: input }) => [String(key), find(input, 'default')] as const
  )
  return { folder, main: path.join(folder, main.value), defaults: new Map(defaults) }
}

function find(token: TemplateToken | undefined, name: string): TemplateToken | undefined {
  return token !== undefined && isMapping(token) ? token.find(name) : undefined
}
