import { data, Evaluator, Lexer, Parser } from '@actions/expressions'

type Contexts = Readonly<Record<string, unknown>>
type Result = 'success' | 'failure' | 'cancelled' | 'skipped'

/** A job that another one needs, as that one sees it. */
export interface Needed {
  readonly result: Result
  readonly outputs?: Readonly<Record<string, string>>
}

/** What a job's condition can look at. */
export interface Surroundings {
  readonly needs?: Readonly<Record<string, Needed>>
  readonly inputs?: Readonly<Record<string, string>>
  /** Somebody has cancelled the run. */
  readonly cancelled?: boolean
}

/** Whether GitHub starts a job with this condition. */
export function starts(condition: string, around: Surroundings): boolean {
  const { needs = {}, inputs = {}, cancelled = false } = around
  const status = statusFunctions(Object.values(needs), cancelled)
  const source = condition.replace(/^\$\{\{(.*)\}\}$/su, '$1')
  // GitHub puts this before every condition that asks for no status itself.
  const asks = /\b(?:success|failure|cancelled|always)\(/u.test(source)
  const whole = asks ? source : `success() && (${source})`
  return truth(evaluate(whole, { needs, inputs }, status))
}

/** A text with its expressions put in. */
export function interpolate(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gsu, (_, source: string) =>
    evaluate(source, contexts, new Map()).coerceString()
  )
}

type Functions = ConstructorParameters<typeof Evaluator>[2] & {}

function evaluate(source: string, contexts: Contexts, functions: Functions): data.ExpressionData {
  const pairs = Object.entries(contexts).map(([key, value]) => ({ key, value: toData(value) }))
  const { tokens } = new Lexer(source).lex()
  const names = Object.keys(contexts)
  const expression = new Parser(tokens, names, [...functions.values()]).parse()
  return new Evaluator(expression, new data.Dictionary(...pairs), functions).evaluate()
}

function toData(value: unknown): data.ExpressionData {
  return JSON.parse(JSON.stringify(value), data.reviver)
}

function truth(value: data.ExpressionData): boolean {
  return value.kind === data.Kind.Boolean ? value.value : value.coerceString() !== ''
}

function statusFunctions(needs: readonly Needed[], cancelled: boolean): Functions {
  const values = {
    always: true,
    cancelled,
    success: !cancelled && needs.every(({ result }) => result === 'success'),
    failure: !cancelled && needs.some(({ result }) => result === 'failure')
  }
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }
    ])
  )
}
