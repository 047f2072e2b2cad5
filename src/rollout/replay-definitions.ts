import type { Definition } from './definition.ts'
import { parseDefinition } from './definition-file.ts'
import { definitionPath, keptDigest } from './kept-definition.ts'
import { RollgateError } from './rollgate-error.ts'

export type KeptDefinition =
  | { readonly kind: 'kept'; readonly definition: Definition }
  | { readonly kind: 'lost'; readonly why: string; readonly changed: boolean }

/** The definitions that a rollout was judged by, each proven to be the text that its digest names. */
export interface KeptDefinitions {
  find(digest: string): KeptDefinition
  /** The files that are not what their names say, one sentence each, whether used or not. */
  readonly changed: readonly string[]
  /** The files that this version cannot read, one sentence each. */
  readonly unreadable: readonly string[]
}

/** The definitions among these files, whose texts are given by path. */
export function openDefinitions(
  texts: ReadonlyMap<string, string>,
  sha256: (text: string) => string
): KeptDefinitions {
  const known = new Map(
    [...texts].flatMap(([path, text]) => {
      const digest = keptDigest(path)
      return digest === undefined ? [] : [[digest, open(digest, text, sha256)]]
    })
  )
  const lost = [...known.values()].filter(one => one.kind === 'lost')
  return {
    find: digest =>
      known.get(digest) ?? {
        kind: 'lost',
        why: `${definitionPath(digest)}, the definition that it was judged by, is missing`,
        changed: false
      },
    changed: lost.filter(({ changed }) => changed).map(({ why }) => why),
    unreadable: lost.filter(({ changed }) => !changed).map(({ why }) => why)
  }
}

function open(digest: string, text: string, sha256: (text: string) => string): KeptDefinition {
  const file = definitionPath(digest)
  if (sha256(text) !== digest) {
    const why = `${file} was changed: it is not the text that its name says`
    return { kind: 'lost', why, changed: true }
  }
  try {
    return { kind: 'kept', definition: parseDefinition({ file, text, digest }) }
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error
    // The first line only counts the mistakes that the others tell.
    const [head = '', first = head] = error.message.split('\n')
    const why = `${file} is no definition to this version of Rollgate: ${first}`
    return { kind: 'lost', why, changed: false }
  }
}
