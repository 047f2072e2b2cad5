import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  valueFromASTUntyped
} from 'graphql'
import { type ApiRequest, answer, members } from '../http/route.ts'
import { mutationRoot } from './graphql-commit.ts'
import { queryRoot } from './graphql-graph.ts'
import { type GraphError, select, UnknownSelection } from './graphql-selection.ts'
import type { GithubRoute, GithubWorld } from './world.ts'

/** The GraphQL endpoint: every answer is a 200, and what went wrong stands in `errors`. */
export function graphqlRoute(world: GithubWorld): GithubRoute {
  return {
    method: 'POST',
    paths: ['/graphql'],
    needs: undefined,
    query: [],
    body: ['query', 'variables', 'operationName'],
    handle: async request => {
      try {
        return answer(await run(world, request))
      } catch (error) {
        const { message } = error as Error
        world.violate(`POST /graphql: ${message}`)
        const extensions = error instanceof UnknownSelection ? error.extensions : {}
        return answer({ errors: [{ message, extensions }] })
      }
    }
  }
}

async function run(world: GithubWorld, request: ApiRequest) {
  const { query, variables } = members(request.body)
  const document = parse(String(query))
  const operation = onlyOperation(document)
  const grant = world.grantOf(request)
  const errors: GraphError[] = []
  const root = operation.operation === 'mutation' ? mutationRoot : queryRoot
  const data = await select(root(world, grant), operation.selectionSet, {
    variables: withDefaults(operation, members(variables)),
    fragments: fragmentsOf(document),
    errors
  })
  return errors.length === 0 ? { data } : { data, errors }
}

/** @throws Error when a document is not one query or one mutation */
function onlyOperation({ definitions }: DocumentNode): OperationDefinitionNode {
  const operations = definitions.filter(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === Kind.OPERATION_DEFINITION
  )
  const [operation] = operations
  if (!operation || operations.length > 1 || operation.operation === 'subscription')
    throw new Error('A document holds one query or one mutation here.')
  return operation
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    definitions
      .filter(
        (definition): definition is FragmentDefinitionNode =>
          definition.kind === Kind.FRAGMENT_DEFINITION
      )
      .map(fragment => [fragment.name.value, fragment])
  )
}

function withDefaults(
  { variableDefinitions }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> {
  const defaults = (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const] : []
  )
  return { ...Object.fromEntries(defaults), ...given }
}

/** Whether a request to the endpoint changes anything. */
export function isMutation(body: unknown): boolean {
  try {
    const document = parse(String(members(body)['query']))
    return onlyOperation(document).operation === 'mutation'
  } catch {
    return false
  }
}
