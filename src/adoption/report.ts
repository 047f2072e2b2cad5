import { ghText } from '../rollout/gh-command.ts'
import type { Answers } from './answers.ts'
import type { ComparedFile } from './files.ts'
import type { Setting } from './settings.ts'

/** What `init` came to, as a person and a machine are told. */
export interface InitTold {
  readonly answers: Answers
  readonly files: readonly ComparedFile[]
  readonly settings: readonly Setting[]
  readonly applied: readonly Setting['commands'][number][]
  readonly left: readonly Setting['commands'][number][]
  readonly vercelIgnore: readonly string[]
  readonly dryRun: boolean
  readonly force: boolean
  /** The repository that `gh` finds by itself is another one, or none. */
  readonly foreign: boolean
}

/** Plain text for the terminal. */
export function initText(told: InitTold): string {
  const parts = [filesPart(told), contentsPart(told), ...githubPart(told), nextPart(told)]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

/** The same as one document. */
export function initDocument(told: InitTold): object {
  const { answers, files, applied, left, vercelIgnore, dryRun } = told
  return {
    version: 1,
    operation: 'init',
    definition: files[0]?.path ?? '',
    repository: answers.repository,
    dryRun,
    files: files.map(({ path, state, text }) => ({
      path,
      state,
      what: wordsFor(told)[state],
      ...(dryRun ? { text } : {})
    })),
    applied: applied.map(ghText),
    commands: left.map(ghText),
    vercelIgnore,
    next: steps(told)
  }
}

const WORDS = {
  written: {
    new: 'written',
    same: 'nothing to do',
    outdated: 'this rollout added',
    differs: 'replaced'
  },
  planned: {
    new: 'would be written',
    same: 'nothing to do',
    outdated: 'this rollout would be added',
    differs: 'has another content; would be replaced with --force only'
  },
  forced: {
    new: 'would be written',
    same: 'nothing to do',
    outdated: 'this rollout would be added',
    differs: 'has another content; would be replaced'
  }
} as const

function wordsFor({ dryRun, force }: InitTold) {
  if (!dryRun) return WORDS.written
  return force ? WORDS.forced : WORDS.planned
}

function filesPart(told: InitTold): string {
  const { files } = told
  if (files.every(({ state }) => state === 'same')) {
    return `Nothing to do: all ${files.length} files are there as they should be.`
  }
  const width = Math.max(...files.map(({ path }) => path.length))
  const lines = files.map(({ path, state }) => `  ${path.padEnd(width)}  ${wordsFor(told)[state]}`)
  return ['Files', ...lines].join('\n')
}

/** A dry run shows what it would write. */
function contentsPart({ files, dryRun }: InitTold): string {
  if (!dryRun) return ''
  return files
    .filter(({ state }) => state !== 'same')
    .map(({ path, text }) => `──── ${path}\n${text.trimEnd()}`)
    .join('\n\n')
}

function githubPart({ settings, applied, left, foreign, answers }: InitTold): readonly string[] {
  const done =
    applied.length === 0
      ? []
      : [`Set up on GitHub, by ${applied.length} ${applied.length === 1 ? 'command' : 'commands'}.`]
  if (left.length === 0) return done
  const open = settings.flatMap(({ what, commands }) => {
    const lines = commands.filter(command => left.includes(command)).map(ghText)
    return lines.length === 0 ? [] : [[`# ${what}`, ...lines].join('\n')]
  })
  const where = foreign ? `export GH_REPO=${answers.repository}\n\n` : ''
  const how =
    applied.length === 0
      ? 'Set up on GitHub with these commands, in this folder, or by the same command with --apply:'
      : 'Left to you, because nobody could be asked for a secret without a terminal:'
  return [...done, `${how}\n\n${where}${open.join('\n\n')}`]
}

function nextPart(told: InitTold): string {
  return ['What next', ...steps(told).map((step, index) => `  ${index + 1}. ${step}`)].join('\n')
}

function steps({ answers, left, vercelIgnore, files }: InitTold): readonly string[] {
  const { name, branch } = answers
  const definition = files[0]?.path ?? ''
  return [
    'Read the files: the criteria in the definition, and the columns and event types in rollgate/metrics.',
    ...(vercelIgnore.length === 0
      ? []
      : [`Add to .vercelignore, since the site has no use for them: ${vercelIgnore.join(' ')}`]),
    `Commit them and bring them to ${branch}: GitHub offers a workflow only from the default branch.`,
    ...(left.length === 0
      ? []
      : [
          'Run the commands above. They may be run again at any time; HTTP 303 then says that the branch is set already.'
        ]),
    `Check every prerequisite: Actions, Rollout, Run workflow, operation preflight. Or here, with VERCEL_TOKEN, VERCEL_ORG_ID, VERCEL_PROJECT_ID and DATABASE_URL in the environment: rollgate preflight --definition ${definition} --metrics rollgate/metrics`,
    `Begin: Actions, Rollout, Run workflow, operation advance, definition ${definition}. For a production phase, type ${name} as confirm.`
  ]
}
