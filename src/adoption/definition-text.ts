import { stringify } from 'yaml'
import { type Answers, hasShadowPhases } from './answers.ts'
import { type PlannedPhase, plannedPhases } from './phases.ts'
import type { TextFile } from './ports.ts'

/** Where the definition is written. */
export function definitionPath(name: string): string {
  return `rollouts/${name}.yml`
}

/** What the definition refers to beside the answers. */
export interface DefinitionSurroundings {
  /** The repository keeps a `.env.example`, which a graduation sets to the final values. */
  readonly envExample: boolean
}

/** The definition, with comments for whoever reads it next. */
export function definitionFile(answers: Answers, surroundings: DefinitionSurroundings): TextFile {
  const parts = [
    opening(answers),
    database(answers),
    parameters(answers),
    targets(answers),
    phases(answers),
    criteria(answers),
    rollback(answers),
    ending(answers, surroundings)
  ]
  return { path: definitionPath(answers.name), text: `${parts.join('\n\n')}\n` }
}

function opening({ action, name, owner, timeZone }: Answers): string {
  const [home = '', commit = ''] = action.split('@')
  return `# yaml-language-server: $schema=https://raw.githubusercontent.com/${home}/${commit}/schema/rollout.schema.json
#
# How ${name} reaches production: its phases in order, what each of them must prove, and how to go
# back. Rollgate reads this file before everything it does and refuses it with every mistake in it.
# All keys: https://github.com/${home}/blob/${commit}/docs/definition.md
name: ${plain(name)}
owner: ${plain(owner)}
# Reports show times in it, beside UTC.
time_zone: ${plain(timeZone)}`
}

function database({ databaseSecret, unitsPerDay }: Answers): string {
  const units =
    unitsPerDay === undefined
      ? `# How many units end on a usual day. With it, \`rollgate preflight\` says whether the soaks below are
# long enough to prove anything.
# units_per_day: 100`
      : `# How many units end on a usual day; \`rollgate preflight\` holds the soaks below against it.
units_per_day: ${unitsPerDay}`
  return `database:
  # The NAME of the secret with the connection string, never the connection string itself.
  secret: ${plain(databaseSecret)}
  # none: preview and production write into one table, and nothing tells their rows apart. Where your
  # events do carry their environment (context ->> 'environment'), name it for each target instead:
  # { preview: staging, production: live }
  environment_filter: none

${units}`
}

function parameters({ events }: Answers): string {
  return `# Bound into the SQL files of rollgate/metrics by name, as :'source'. Lists are separated by commas.
parameters:
  source: ${plain(events.source)}
  start_event: ${plain(events.start)}
  good_endings: ${plain(events.good.join(','))}
  bad_endings: ${plain(events.bad.join(','))}
  error_events: ${plain(events.errors.join(','))}`
}

function targets({ keys }: Answers): string {
  return `# \`keys\` is the GitHub environment that holds the secrets of a target.
targets:
  preview: { keys: ${plain(keys.preview)}, deploy: cli }
  production: { keys: ${plain(keys.production)}, deploy: cli }`
}

function phases(answers: Answers): string {
  const planned = plannedPhases(answers)
  const texts = planned.map((phase, index) => {
    const first = planned.findIndex(({ step }) => step === phase.step) === index
    return phaseText(answers, phase, first)
  })
  return `phases:\n${texts.join('\n\n')}`
}

function phaseText(answers: Answers, phase: PlannedPhase, first: boolean): string {
  const flags = first
    ? `    flags: &${phase.step}\n${flagLines(answers, phase.step, 6)}`
    : `    flags: *${phase.step}`
  return [
    ...(first ? [`  # ${STEP_MEANS[phase.step]}`] : []),
    `  - name: ${phase.name}`,
    `    target: ${phase.target}`,
    ...(phase.gate === undefined ? [] : [gateText(answers, phase, phase.gate)]),
    flags,
    `    soak: ${phase.soak}`,
    `    extend: ${phase.extend}`,
    `    checkpoints: [${phase.checkpoints.join(', ')}]`,
    `    criteria: ${phase.step}`
  ].join('\n')
}

const STEP_MEANS: Readonly<Record<PlannedPhase['step'], string>> = {
  shadow: 'The new code is deployed and must stay silent: the old path still does all the work.',
  full: 'The new code does the work.'
}

function flagLines({ flags }: Answers, step: 'shadow' | 'full' | 'off', indent: number): string {
  const value = { full: 'on', shadow: 'shadow', off: 'off' } as const
  return flags
    .map(flag => `${' '.repeat(indent)}${flag.name}: ${quoted(flag[value[step]])}`)
    .join('\n')
}

function gateText(answers: Answers, phase: PlannedPhase, environment: string): string {
  const { gate } = answers
  const who =
    gate.mode === 'environment'
      ? [`      environment: ${environment}`]
      : [
          '      # Weaker than a review: one of these starts the phase and types the name of the rollout.',
          '      mode: dispatch',
          `      allow: [${gate.allow.map(plain).join(', ')}]`
        ]
  const checklist = checklistOf(answers, phase).map(item => `        - ${item}`)
  return ['    gate:', ...who, '      checklist:', ...checklist].join('\n')
}

/** What a person confirms before they let this phase pass. */
function checklistOf(answers: Answers, phase: PlannedPhase): readonly string[] {
  const before = plannedPhases(answers)
  const earlier = before.slice(
    0,
    before.findIndex(({ name }) => name === phase.name)
  )
  const stood = earlier
    .filter(({ step, target }) => step === 'full' || target === phase.target)
    .map(({ name, soak }) => `${name} stood for ${soak} and every criterion passed`)
  return phase.step === 'shadow'
    ? [...stood, ONE_TABLE]
    : [
        'Somebody who can judge the feature is available',
        'The way back is known to everybody on call',
        ...stood
      ]
}

const ONE_TABLE = 'Nothing on preview writes events that could be taken for those of production'

function criteria(answers: Answers): string {
  const shadow = hasShadowPhases(answers)
    ? `  shadow:
    # Zero events prove something only while other telemetry is arriving, which heartbeat shows.
    silence: { metric: activity, zero_tolerance: true, control: heartbeat }

`
    : ''
  return `# A rule over one metric each. The metrics are the SQL files in rollgate/metrics.
criteria:
${shadow}  full:
    # The good ones among all that ended. Between the two bounds a person is asked.
    success-rate: { metric: endings, pass: ">= 97%", red: "< 90%" }
    # Errors in three pieces of five minutes in a row, or in four of twelve, are no coincidence.
    errors:
      metric: failures
      sustained: { bucket: 5m, run: 3, of: [4, 12] }
      control: heartbeat

  rolled-back:
    # Work that was under way may still end; a new start may not happen.
    new-starts: { metric: starts, zero_tolerance: true, control: heartbeat }`
}

function rollback(answers: Answers): string {
  return `# What a rollback sets, on the target that is in its phase, and how long the old path is watched then.
rollback:
  flags:
${flagLines(answers, 'off', 4)}
  watch: 30m
  criteria: rolled-back`
}

function ending({ name }: Answers, { envExample }: DefinitionSurroundings): string {
  return `# A rollout that nobody has been able to look at for this long is held, and people are told.
blind: { max: 6h, decision: hold }

# Times in which nothing moves forward, in the time zone above; a rollback is never held up.
# freeze:
#   - { from: Fri 16:00, to: Mon 08:00, why: Nobody is here over the weekend }

# After the last phase has stood for this long, the clean-up is filed as an issue.
graduation:
  after: 7d
  issue:
    title: ${quoted(`Delete the old path behind ${name}`)}
    body: |
      ${name} has carried everything for a week. Delete the code behind its flags that no longer
      runs, the flags themselves and rollouts/${name}.yml.${envExample ? '\n  env_example: .env.example' : ''}`
}

/** As a person would write it: quoted only where YAML would take it for something else. */
function plain(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd()
}

/** YAML's double-quoted form takes everything that JSON's takes. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
