import {
  convertWorkflowTemplate,
  isMapping,
  isSequence,
  isString,
  NoOperationTraceWriter,
  parseWorkflow
} from '@actions/workflow-parser'
import { convertToIfCondition } from '@actions/workflow-parser/model/converter/if-condition'
import type { EventsConfig } from '@actions/workflow-parser/model/workflow-template'
import { DefinitionInfo } from '@actions/workflow-parser/templates/schema/definition-info'
import type { TemplateContext } from '@actions/workflow-parser/templates/template-context'
import { StringToken } from '@actions/workflow-parser/templates/tokens/string-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import type { FileProvider } from '@actions/workflow-parser/workflows/file-provider'
import { evaluate } from './expression.ts'
import { type Grant, readGrant } from './permissions.ts'

/** One input that a workflow takes when it is dispatched or called. */
export interface WorkflowInput {
  readonly type: string
  readonly required: boolean
  readonly default: string | boolean | number | undefined
  readonly options: readonly string[]
}

export interface Cron {
  readonly expression: string
  readonly timeZone: string
}

export interface StepFile {
  readonly id: string | undefined
  readonly name: TemplateToken | undefined
  readonly condition: TemplateToken
  readonly uses: string | undefined
  readonly run: TemplateToken | undefined
  readonly with: TemplateToken | undefined
  readonly env: TemplateToken | undefined
  readonly shell: string | undefined
  readonly workingDirectory: TemplateToken | undefined
  readonly timeoutMinutes: TemplateToken | undefined
  readonly continueOnError: TemplateToken | undefined
}

export interface JobFile {
  readonly id: string
  readonly needs: readonly string[]
  readonly condition: TemplateToken
  readonly permissions: Grant | undefined
  /** Where it is, the job calls that workflow and has no steps. */
  readonly uses: string | undefined
  readonly inheritsSecrets: boolean
  readonly steps: readonly StepFile[]
  /** Its other keys, unevaluated. */
  key(name: string): TemplateToken | undefined
}

/** A workflow as committed, which GitHub's own parser finds nothing wrong with. */
export interface WorkflowFile {
  /** `.github/workflows/rollout.yml` */
  readonly path: string
  readonly name: string
  /** Names of all events it listens to. */
  readonly events: readonly string[]
  readonly dispatchInputs: Readonly<Record<string, WorkflowInput>>
  readonly callInputs: Readonly<Record<string, WorkflowInput>>
  readonly callOutputs: Readonly<Record<string, TemplateToken>>
  readonly crons: readonly Cron[]
  readonly permissions: Grant | undefined
  readonly jobs: readonly JobFile[]
  key(name: string): TemplateToken | undefined
}

/** A workflow that GitHub would not run, with all that its parser says. */
export class WorkflowInvalid extends Error {
  override readonly name = 'WorkflowInvalid'
}

/**
 * Reads and validates a workflow with GitHub's parser; `callees`, where given, finds the workflows
 * that it calls, so that their inputs are validated too.
 * @throws WorkflowInvalid
 */
export async function readWorkflow(
  path: string,
  content: string,
  callees?: FileProvider
): Promise<WorkflowFile> {
  const { context, value } = parseWorkflow({ name: path, content }, new NoOperationTraceWriter())
  if (value === undefined) throw new WorkflowInvalid(`${path}: ${problems(context)}`)
  const { events } = await convertWorkflowTemplate(context, value, callees, {
    fetchReusableWorkflowDepth: callees === undefined ? 0 : 1
  })
  if (context.errors.count > 0) throw new WorkflowInvalid(`${path}: ${problems(context)}`)
  const key = keysOf(value)
  return {
    path,
    name: textIn(key('name')) ?? path,
    ...readTriggers(key('on'), events),
    permissions: readGrant(key('permissions')),
    jobs: pairs(key('jobs')).map(([id, token]) => readJob(id, token, context)),
    key
  }
}

function problems({ errors }: TemplateContext): string {
  return errors
    .getErrors()
    .map(({ message }) => message)
    .join('\n')
}

function readTriggers(token: TemplateToken | undefined, events: EventsConfig) {
  const names = [...pairs(token).map(([name]) => name), ...listOf(token)]
  const call = keysOf(token)('workflow_call')
  return {
    events: token !== undefined && isString(token) ? [token.value] : names,
    dispatchInputs: inputsOf(keysOf(token)('workflow_dispatch')),
    callInputs: inputsOf(call),
    callOutputs: Object.fromEntries(
      pairs(keysOf(call)('outputs')).flatMap(([name, output]) => {
        const value = keysOf(output)('value')
        return value === undefined ? [] : [[name, value]]
      })
    ),
    crons: (events.schedule ?? []).map(({ cron, timezone }) => ({
      expression: cron,
      timeZone: timezone ?? 'UTC'
    }))
  }
}

/** The converter knows no numbers, so types and defaults are read as they were written. */
function inputsOf(token: TemplateToken | undefined): Readonly<Record<string, WorkflowInput>> {
  const entries = pairs(keysOf(token)('inputs')).map(([name, input]) => {
    const key = keysOf(input)
    return [
      name,
      {
        type: textIn(key('type')) ?? 'string',
        required: evaluate(key('required'), {}) === true,
        default: defaultOf(key('default')),
        options: listOf(key('options'))
      }
    ]
  })
  return Object.fromEntries(entries)
}

function defaultOf(token: TemplateToken | undefined): WorkflowInput['default'] {
  const value = evaluate(token, {})
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
    ? value
    : undefined
}

function readJob(id: string, token: TemplateToken, context: TemplateContext): JobFile {
  const key = keysOf(token)
  const needs = key('needs')
  return {
    id,
    needs: needs !== undefined && isString(needs) ? [needs.value] : listOf(needs),
    condition: condition(key('if'), 'job-if', context),
    permissions: readGrant(key('permissions')),
    uses: textIn(key('uses')),
    inheritsSecrets: textIn(key('secrets')) === 'inherit',
    steps: items(key('steps')).map(step => readStep(step, context)),
    key
  }
}

function readStep(token: TemplateToken, context: TemplateContext): StepFile {
  const key = keysOf(token)
  const step: StepFile = {
    id: textIn(key('id')),
    name: key('name'),
    condition: condition(key('if'), 'step-if', context),
    uses: textIn(key('uses')),
    run: key('run'),
    with: key('with'),
    env: key('env'),
    shell: textIn(key('shell')),
    workingDirectory: key('working-directory'),
    timeoutMinutes: key('timeout-minutes'),
    continueOnError: key('continue-on-error')
  }
  if (step.uses === undefined && step.run === undefined) {
    throw new WorkflowInvalid('a step that neither runs nor uses anything is not emulated')
  }
  return step
}

/** Whatever does not ask for a status function wants success, an absent condition included. */
function condition(
  token: TemplateToken | undefined,
  definition: 'job-if' | 'step-if',
  context: TemplateContext
): TemplateToken {
  const written = token ?? successToken(definition, context)
  const converted = convertToIfCondition(context, written)
  if (converted === undefined) throw new WorkflowInvalid(problems(context))
  return converted
}

/** `success()` as if it had been written, with the functions that the schema allows there. */
function successToken(
  definition: 'job-if' | 'step-if',
  { schema }: TemplateContext
): TemplateToken {
  return new StringToken(
    undefined,
    undefined,
    'success()',
    new DefinitionInfo(schema, definition),
    undefined
  )
}

function keysOf(token: TemplateToken | undefined): (name: string) => TemplateToken | undefined {
  return name => (token !== undefined && isMapping(token) ? token.find(name) : undefined)
}

function pairs(token: TemplateToken | undefined): readonly (readonly [string, TemplateToken])[] {
  if (token === undefined || !isMapping(token)) return []
  return [...token].map(({ key, value }) => [String(key), value])
}

function items(token: TemplateToken | undefined): readonly TemplateToken[] {
  return token !== undefined && isSequence(token) ? [...token] : []
}

function listOf(token: TemplateToken | undefined): readonly string[] {
  return items(token).map(String)
}

function textIn(token: TemplateToken | undefined): string | undefined {
  return token !== undefined && isString(token) ? token.value : undefined
}
