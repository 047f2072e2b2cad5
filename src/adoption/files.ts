import { InputError } from '../rollout/rollgate-error.ts'
import type { Answers } from './answers.ts'
import { type DefinitionSurroundings, definitionFile } from './definition-text.ts'
import { metricFiles } from './metric-files.ts'
import type { TextFile } from './ports.ts'
import { type WorkflowChoices, type WorkflowTemplates, workflowFiles } from './workflow-files.ts'

export interface FilesRequest extends DefinitionSurroundings, WorkflowChoices {
  readonly answers: Answers
  readonly templates: WorkflowTemplates
}

/** Everything that is written into the user's repository, the definition first. */
export function plannedFiles(request: FilesRequest): readonly TextFile[] {
  const { answers, templates } = request
  return [
    definitionFile(answers, request),
    ...metricFiles(answers),
    ...workflowFiles(answers, templates, request)
  ]
}

/**
 * `same`: nothing to do. `outdated`: it was written here, for fewer rollouts, and nobody has changed it
 * since. `differs`: there is another one, which stays unless it is forced.
 */
export type FileState = 'new' | 'same' | 'outdated' | 'differs'

/** A planned file beside what stands in its place. */
export interface ComparedFile extends TextFile {
  readonly state: FileState
}

/**
 * Compares with the text that stands there now, undefined when there is none, and with what would have
 * been written before this rollout came.
 */
export function compareFile(
  planned: TextFile,
  standing: string | undefined,
  before: string | undefined
): ComparedFile {
  return { ...planned, state: stateOf(planned, standing, before) }
}

function stateOf(
  { text }: TextFile,
  standing: string | undefined,
  before: string | undefined
): FileState {
  if (standing === undefined) return 'new'
  if (standing === text) return 'same'
  return standing === before ? 'outdated' : 'differs'
}

/**
 * The files that are to be written.
 * @throws InputError (`files_differ`) naming every file that would be lost
 */
export function filesToWrite(files: readonly ComparedFile[], force: boolean): readonly TextFile[] {
  const lost = files.filter(({ state }) => state === 'differs')
  if (lost.length > 0 && !force) {
    const count = lost.length === 1 ? 'One file stands' : `${lost.length} files stand`
    throw new InputError(
      'files_differ',
      `${count} there already with another content:\n${lost.map(({ path }) => `  ${path}`).join('\n')}\nNothing was written.`,
      'Commit what is worth keeping and repeat the command with --force, or move these files away; --dry-run shows what would be written.'
    )
  }
  return files.filter(({ state }) => state !== 'same').map(({ path, text }) => ({ path, text }))
}
