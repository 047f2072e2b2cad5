import path from 'node:path'
import { type Command, Option } from 'commander'
import { parseAnswers } from './adoption/answers.ts'
import type { Place } from './adoption/ports.ts'
import {
  type Given,
  QUESTIONS,
  type Question,
  splitAnswer,
  unanswered,
  withFallbacks
} from './adoption/questions.ts'
import { initDocument, initText } from './adoption/report.ts'
import { createGh } from './github/gh.ts'
import { createMetricCheck, findPlace, openRepositoryFolder, readTemplates } from './init-folder.ts'
import { askAnswers, type Terminal } from './init-prompts.ts'
import { init } from './operations/init.ts'
import { InputError } from './rollout/rollgate-error.ts'

/** What the composition root knows beside the options. */
export interface InitSurroundings {
  /** Rollgate's own folder. */
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** Where a person sits, on both sides; undefined when nobody does. */
  readonly terminal: Terminal | undefined
  readonly say: (line: string) => void
  readonly print: (text: string) => void
}

type Options = Readonly<Record<string, unknown>>

const EXAMPLES = `
Examples:
  rollgate init                        asks, then writes the files and prints the gh commands
  rollgate init --dry-run --yes …      shows everything and writes nothing
  rollgate init --name new-checkout --flag NEW_CHECKOUT=true/false \\
    --flag NEW_CHECKOUT_SHADOW=false/false/true --owner @acme/checkout \\
    --event-source checkout --good-ending checkout.paid --bad-ending checkout.failed \\
    --reviewer acme/checkout --action acme/rollgate@<commit> --apply

A value in shadow phases (the third one) is for code that runs along and must stay silent. Without one
there are two phases, staging-full and production-full.
--apply runs gh, logged in as somebody who administers the repository. Secrets are asked for by gh
itself: no value is an option, and none is kept.

Exit codes: 0 done, or nothing to do · 1 refused or failed`

/** Every option of \`init\`, and what it is for. */
export function describeInit(command: Command): Command {
  command
    .description('write definition, metrics and workflows into a repository, and set up GitHub')
    .argument('[folder]', 'the repository', '.')
  for (const question of QUESTIONS) command.addOption(optionOf(question))
  return command
    .option('--timers', 'also the workflow of wait timers, for exact wake-ups')
    .option('--dry-run', 'show what would be written, and write nothing')
    .option(
      '--force',
      'replace files that are there with another content; with --apply, also take reviewers and wait timers away from environments with keys'
    )
    .option('--apply', 'run the gh commands as well')
    .option('-y, --yes', 'take every default without asking')
    .option('--json', 'print one JSON document, and ask nothing')
    .addHelpText('after', EXAMPLES)
}

function optionOf(question: Question): Option {
  const { name, form, asks, otherwise, several } = question
  const option = new Option(`--${name} ${form}`, `${asks} (${otherwise})`)
  if (!several) return option
  return option.argParser((value: string, previous: readonly string[] = []) => [
    ...previous,
    // The value of a flag may hold anything.
    ...(name === 'flag' ? [value] : splitAnswer(question, value))
  ])
}

/**
 * Carries out \`rollgate init\`.
 * @throws RollgateError when it was refused or failed
 */
export async function runInit(
  folderGiven: string,
  options: Options,
  surroundings: InitSurroundings
): Promise<void> {
  const { home, env, terminal, say, print } = surroundings
  const folder = path.resolve(folderGiven)
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const place = await findPlace(folder, home, timeZone)
  const wishes = {
    timers: options['timers'] === true,
    force: options['force'] === true,
    dryRun: options['dryRun'] === true,
    apply: options['apply'] === true
  }
  const asked = options['json'] === true ? undefined : terminal
  const given = givenIn(options)
  const answered =
    asked && options['yes'] !== true ? await askAnswers(given, place, wishes.dryRun, asked) : given
  const answers = parseAnswers(complete(answered, place))
  const { repository } = answers
  const told = await init(
    {
      folder: openRepositoryFolder(folder),
      metrics: createMetricCheck(folder, home),
      gh: createGh({ cwd: folder, repository, env, asks: asked !== undefined }),
      templates: await readTemplates(home),
      say
    },
    { answers, envExample: place.envExample, ...wishes }
  )
  const foreign = place.repository?.toLowerCase() !== repository.toLowerCase()
  const shown = { ...told, ...wishes, answers, foreign }
  print(
    options['json'] === true ? `${JSON.stringify(initDocument(shown), null, 2)}\n` : initText(shown)
  )
}

function givenIn(options: Options): Given {
  const entries = QUESTIONS.flatMap(({ name }) => {
    const value = options[camelCase(name)]
    if (value === undefined) return []
    return [[name, Array.isArray(value) ? value.map(String) : [String(value)]] as const]
  })
  return Object.fromEntries(entries)
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/gu, (_, letter: string) => letter.toUpperCase())
}

function complete(given: Given, place: Place): Given {
  const answers = withFallbacks(given, place)
  const missing = unanswered(answers)
  if (missing.length === 0) return answers
  const lines = QUESTIONS.filter(({ name }) => missing.includes(name)).map(
    ({ name, form, asks }) => `  --${name} ${form}  ${asks}`
  )
  throw new InputError(
    'answers_missing',
    `These have no default here, and nobody could be asked:\n${lines.join('\n')}`,
    'Give them as options, or run the command at a terminal without --yes; rollgate init --help has an example.'
  )
}
