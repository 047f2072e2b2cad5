import type { WorkflowInput } from './workflow-file.ts'

/** A dispatch that GitHub answers with 422. */
export class DispatchRefused extends Error {
  override readonly name = 'DispatchRefused'
  readonly status = 422
}

type Given = Readonly<Record<string, string>>
type Declared = Readonly<Record<string, WorkflowInput>>

export interface DispatchedInputs {
  /** As `github.event.inputs` shows them. */
  readonly texts: Given
  /** As `inputs` shows them: booleans are booleans. */
  readonly values: Readonly<Record<string, unknown>>
}

/** Inputs of a dispatch with their defaults, in GitHub's words when they are not right. @throws DispatchRefused */
export function dispatchedInputs(declared: Declared, given: Given): DispatchedInputs {
  const unknown = Object.keys(given).filter(name => !(name in declared))
  if (unknown.length > 0) {
    throw new DispatchRefused(`Unexpected inputs provided: ${JSON.stringify(unknown)}`)
  }
  const texts = Object.entries(declared).map(([name, input]) => {
    const value = given[name] ?? defaultText(input)
    refuse(name, input, value)
    return [name, value] as const
  })
  return {
    texts: Object.fromEntries(texts),
    values: Object.fromEntries(
      texts.map(([name, text]) => [
        name,
        declared[name]?.type === 'boolean' ? text === 'true' : text
      ])
    )
  }
}

function defaultText({ type, default: value }: WorkflowInput): string {
  return value === undefined ? (type === 'boolean' ? 'false' : '') : String(value)
}

function refuse(name: string, { type, required, options }: WorkflowInput, value: string): void {
  if (required && value === '') throw new DispatchRefused(`Required input '${name}' not provided`)
  const allowed = type === 'boolean' ? ['true', 'false'] : type === 'choice' ? options : undefined
  if (allowed === undefined || allowed.includes(value) || (value === '' && !required)) return
  throw new DispatchRefused(
    `Provided value '${value}' for input '${name}' not in the list of allowed values`
  )
}

/** What a called workflow sees as `inputs`: what it was given, by type, and its defaults. */
export function calledInputs(
  declared: Declared,
  given: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(declared).map(([name, input]) => {
    const value = given[name] ?? input.default ?? EMPTY[input.type] ?? ''
    return [name, typed(input.type, value)]
  })
  return Object.fromEntries(entries)
}

const EMPTY: Readonly<Record<string, unknown>> = { boolean: false, number: 0, string: '' }

function typed(type: string, value: unknown): unknown {
  if (type === 'boolean') return value === true || value === 'true'
  return type === 'number' ? Number(value) : String(value)
}
