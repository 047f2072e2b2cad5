import {
  type ArgumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  valueFromASTUntyped
} from 'graphql'

export type Scalar = string | number | boolean | null

/** An object of the graph: its type's name, its interfaces, and how each of its fields is found. */
export interface GraphNode {
  readonly type: string
  readonly interfaces?: readonly string[]
  readonly fields: Readonly<Record<string, GraphField>>
}

export type GraphValue = Scalar | GraphNode | readonly GraphNode[]
export type GraphField = (
  args: Readonly<Record<string, unknown>>
) => GraphValue | Promise<GraphValue>

/** One entry of `errors`, in GitHub's own form. */
export interface GraphError {
  readonly type?: string
  readonly path?: readonly (string | number)[]
  readonly message: string
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** A field that has no value, with the reason; the rest of the answer stays. */
export class FieldFailure extends Error {
  readonly kind: string

  constructor(kind: string, message: string) {
    super(message)
    this.name = 'FieldFailure'
    this.kind = kind
  }
}

/** The document asks for something that is not there: no data at all. */
export class UnknownSelection extends Error {
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(message: string, extensions: Readonly<Record<string, unknown>>) {
    super(message)
    this.name = 'UnknownSelection'
    this.extensions = extensions
  }
}

export interface Selecting {
  readonly variables: Readonly<Record<string, unknown>>
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly errors: GraphError[]
}

type Path = readonly (string | number)[]

/**
 * What a selection makes of an object, under its aliases. A field that fails is null and told.
 * @throws UnknownSelection for a field, a directive or a fragment that is not there
 */
export async function select(
  node: GraphNode,
  set: SelectionSetNode,
  context: Selecting,
  path: Path = []
): Promise<Readonly<Record<string, unknown>>> {
  const chosen: Record<string, unknown> = {}
  for (const field of fieldsOf(node, set.selections, context)) {
    const key = field.alias?.value ?? field.name.value
    chosen[key] = await fieldValue(node, field, context, [...path, key])
  }
  return chosen
}

function fieldsOf(
  node: GraphNode,
  selections: readonly SelectionNode[],
  context: Selecting
): readonly FieldNode[] {
  return selections.flatMap(selection => {
    if (selection.directives?.length)
      throw new UnknownSelection('Directives are not simulated', { code: 'unsupported' })
    if (selection.kind === Kind.FIELD) return [selection]
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection
        : context.fragments.get(selection.name.value)
    if (!fragment) throw new UnknownSelection('Fragment was used, but not defined', {})
    const wanted = fragment.typeCondition?.name.value ?? node.type
    const applies = wanted === node.type || node.interfaces?.includes(wanted) === true
    return applies ? fieldsOf(node, fragment.selectionSet.selections, context) : []
  })
}

async function fieldValue(
  node: GraphNode,
  field: FieldNode,
  context: Selecting,
  path: Path
): Promise<unknown> {
  const name = field.name.value
  if (name === '__typename') return node.type
  const resolve = Object.hasOwn(node.fields, name) ? node.fields[name] : undefined
  if (!resolve)
    throw new UnknownSelection(`Field '${name}' doesn't exist on type '${node.type}'`, {
      code: 'undefinedField',
      typeName: node.type,
      fieldName: name
    })
  try {
    const value = await resolve(argumentsOf(field.arguments ?? [], context.variables))
    return await complete(value, field, context, path)
  } catch (error) {
    if (!(error instanceof FieldFailure)) throw error
    context.errors.push({ type: error.kind, path, message: error.message })
    return null
  }
}

function argumentsOf(
  given: readonly ArgumentNode[],
  variables: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    given.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)])
  )
}

async function complete(
  value: GraphValue,
  field: FieldNode,
  context: Selecting,
  path: Path
): Promise<unknown> {
  if (value === null || typeof value !== 'object') return value
  const { selectionSet } = field
  if (!selectionSet)
    throw new UnknownSelection(`Field must have selections (field '${field.name.value}')`, {
      code: 'selectionMismatch'
    })
  if ('fields' in value) return select(value, selectionSet, context, path)
  return Promise.all(value.map((item, at) => select(item, selectionSet, context, [...path, at])))
}
