import type { Definition } from './definition.ts'
import type { LedgerEvent } from './events.ts'
import type { LedgerFile } from './ports.ts'

/** Where a rollout keeps the text of a definition that it was judged by; relative to its folder. */
export function definitionPath(digest: string): string {
  return `definitions/${digest}.yml`
}

/** The digest that a file holds the text of; undefined when it is no kept definition. */
export function keptDigest(path: string): string | undefined {
  return /^definitions\/([^/]+)\.yml$/u.exec(path)?.[1]
}

/** The text of the definition, when these events are the first of the rollout that name it. */
export function unkeptDefinition(
  { digest, text }: Pick<Definition, 'digest' | 'text'>,
  earlier: readonly LedgerEvent[],
  added: readonly LedgerEvent[]
): readonly LedgerFile[] {
  const names = (event: LedgerEvent): boolean => digestIn(event) === digest
  return added.some(names) && !earlier.some(names)
    ? [{ path: definitionPath(digest), content: text }]
    : []
}

function digestIn(event: LedgerEvent): string | undefined {
  if (event.kind === 'rollout-started') return event.digest
  return event.kind === 'look' ? event.definition : undefined
}
