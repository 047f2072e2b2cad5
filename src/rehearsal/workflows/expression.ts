import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import { falsy } from '@actions/expressions/result'
import {
  isBasicExpression,
  isBoolean,
  isMapping,
  isNumber,
  isSequence,
  isString
} from '@actions/workflow-parser'
import { splitAllowedContext } from '@actions/workflow-parser/templates/allowed-context'
import type { BasicExpressionToken } from '@actions/workflow-parser/templates/tokens/basic-expression-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'

/** Plain values by the name of their context: `github`, `inputs`, `needs` … */
export type Contexts = Readonly<Record<string, unknown>>

/** What `success()` and its kin say at the moment. */
export interface Status {
  readonly success: boolean
  readonly failure: boolean
  readonly cancelled: boolean
}

/** An expression that GitHub would not have been able to evaluate either. */
export class ExpressionFailure extends Error {
  override readonly name = 'ExpressionFailure'
}

/**
 * The value of a piece of a workflow, its expressions evaluated with the contexts that the schema
 * allows in that place and no others.
 * @throws ExpressionFailure
 */
export function evaluate(
  token: TemplateToken | undefined,
  contexts: Contexts,
  status?: Status
): unknown {
  if (token === undefined) return undefined
  if (isMapping(token)) {
    const entries = [...token].map(({ key, value }) => [
      evaluateText(key, contexts, status),
      evaluate(value, contexts, status)
    ])
    return Object.fromEntries(entries)
  }
  if (isSequence(token)) return [...token].map(item => evaluate(item, contexts, status))
  if (isBasicExpression(token)) return toPlain(calculate(token, contexts, status))
  if (isString(token) || isNumber(token) || isBoolean(token)) return token.value
  if (token.isExpression) throw new ExpressionFailure('`insert` is not emulated')
  return null
}

/** The same, as text the way GitHub writes it: nothing is the empty text. @throws ExpressionFailure */
export function evaluateText(
  token: TemplateToken | undefined,
  contexts: Contexts,
  status?: Status
): string {
  if (token === undefined) return ''
  if (isBasicExpression(token)) return calculate(token, contexts, status).coerceString()
  if (isString(token) || isNumber(token) || isBoolean(token)) return String(token.value)
  return ''
}

/** Values by name, each as text. @throws ExpressionFailure */
export function evaluateTexts(
  token: TemplateToken | undefined,
  contexts: Contexts
): Readonly<Record<string, string>> {
  if (token === undefined) return {}
  if (isMapping(token)) {
    const entries = [...token].map(({ key, value }) => [
      evaluateText(key, contexts),
      evaluateText(value, contexts)
    ])
    return Object.fromEntries(entries)
  }
  const whole = evaluate(token, contexts)
  if (typeof whole !== 'object' || whole === null) return {}
  return Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, textOf(value)]))
}

/** Whether a condition holds. @throws ExpressionFailure */
export function holds(token: TemplateToken, contexts: Contexts, status?: Status): boolean {
  if (isBasicExpression(token)) return !falsy(calculate(token, contexts, status))
  return !falsy(toData(evaluate(token, contexts, status)))
}

/** A plain value as text, the way GitHub writes it. */
export function textOf(value: unknown): string {
  return toData(value).coerceString()
}

function calculate(
  token: BasicExpressionToken,
  contexts: Contexts,
  status: Status | undefined
): data.ExpressionData {
  const { namedContexts, functions } = splitAllowedContext(
    token.definitionInfo?.allowedContext ?? []
  )
  try {
    const tree = new Parser(
      new Lexer(token.expression).lex().tokens,
      namedContexts,
      functions
    ).parse()
    const pairs = namedContexts.map(key => ({ key, value: toData(contexts[key] ?? {}) }))
    return new Evaluator(tree, new data.Dictionary(...pairs), statusFunctions(status)).evaluate()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ExpressionFailure(`\${{ ${token.expression} }}: ${why}`, { cause })
  }
}

type FunctionMap = NonNullable<ConstructorParameters<typeof Evaluator>[2]>

function statusFunctions(status: Status | undefined): FunctionMap {
  const told = { ...status, always: true }
  const functions: FunctionMap = new Map()
  for (const [name, value] of Object.entries(told)) {
    const call = () => new data.BooleanData(value)
    functions.set(name, { name, minArgs: 0, maxArgs: 0, call })
  }
  return functions.set('hashfiles', {
    name: 'hashFiles',
    minArgs: 1,
    maxArgs: 255,
    call: () => {
      throw new Error('hashFiles is not emulated')
    }
  })
}

function toData(value: unknown): data.ExpressionData {
  return JSON.parse(JSON.stringify(value ?? null), data.reviver)
}

function toPlain(value: data.ExpressionData): unknown {
  return JSON.parse(JSON.stringify(value, data.replacer))
}
