import * as z from 'zod'
import { ISSUE_LABEL } from './announcing.ts'
import { parseDuration } from './duration.ts'
import { FREEZE_END, parseFreezeEnd } from './freeze-end.ts'

/**
 * The shape of a definition file. This is the one source: the parser refuses by it, and
 * `schema/rollout.schema.json` is generated from it. A message carries its fix behind an arrow.
 */

const duration = z
  .string({ error: 'must be a duration → write a number and a unit: 30m, 48h, 7d' })
  .regex(/^(0|[1-9]\d{0,5})[smhd]$/u, {
    error: 'is not a duration → write a number and a unit without a space: 30m, 48h, 7d'
  })

/** A duration that must not be zero. */
const span = duration.regex(/^(?!0[smhd]$)/u, {
  error: 'is no time at all → give it a length, as 30m'
})

const name = z
  .string({ error: 'must be a name → lower-case letters, digits and dashes' })
  .regex(/^[a-z][a-z0-9-]{0,62}$/u, {
    error: 'is not a name → use lower-case letters, digits and dashes, starting with a letter'
  })

const text = z.string({ error: 'must be text → put it in quotes' }).min(1, {
  error: 'is empty → write something, or leave the key out'
})

const flagName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, {
  error: 'is not the name of an environment variable → letters, digits and underscores'
})

const flags = z
  .record(
    flagName,
    z.string({ error: 'is not text, and a flag is always text → put it in quotes: "true", "3"' }),
    { error: 'must be a map of flag names to values → FEATURE_NAME: "true"' }
  )
  .refine(map => Object.keys(map).length > 0, {
    error: 'names no flag → write at least one: FEATURE_NAME: "true"'
  })
  .describe('Environment variables and the values they take, always in quotes')

/** A share with %, or a number of up to fifteen digits without. */
const bound = z
  .string({ error: 'must be a bound in quotes → ">= 97%"' })
  .regex(/^(>=|<=|>|<) ((100(\.0+)?|\d{1,2}(\.\d+)?)%|-?\d{1,15}(\.\d{1,9})?)$/u, {
    error:
      'is not a bound → write an operator, a space and a percentage, or a number for a value: ">= 97%", "<= 2000"'
  })

/** GitHub gives up a job that waits for its approval after this. */
const LONGEST_WAIT_MS = 30 * 86_400_000

const asked = {
  checklist: z.array(text).default([]).describe('What a person confirms before approving'),
  valid_for: span
    .refine(value => (parseDuration(value) ?? 0) <= LONGEST_WAIT_MS, {
      error: 'is longer than GitHub lets an approval wait → write 30d or less'
    })
    .default('7d')
    .describe('How long a briefing may wait for its approval; 30d at most')
}

const login = z
  .string({ error: 'must be a login → write it without @: [priya, amara]' })
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,37}[A-Za-z0-9])?$/u, {
    error: 'is not the login of a person → write it without @: [priya, amara]'
  })

const gate = z
  .discriminatedUnion(
    'mode',
    [
      z.strictObject({
        mode: z.literal('environment').optional(),
        environment: name.describe(
          'GitHub environment whose required reviewers approve this phase'
        ),
        ...asked
      }),
      z.strictObject({
        mode: z.literal('dispatch'),
        allow: z
          .array(login, { error: 'must be a list of logins → [priya, amara]' })
          .min(1, { error: 'is empty → name those who may let the phase pass' })
          .describe(
            'Logins, one of whom starts the phase and was not the one who started the rollout'
          ),
        ...asked
      })
    ],
    {
      error: issue =>
        issue.code === 'invalid_union'
          ? 'is not a kind of gate → environment or dispatch'
          : 'must be a map → { environment: approve-it }, or { mode: dispatch, allow: [priya, amara] }'
    }
  )
  .describe('The human approval before a phase')

const NO_FREEZE_END = {
  error:
    'is no time → write "Fri 16:00" for every week, "2026-12-23 09:00" or "2026-12-23" for once'
}

const freezeEnd = z
  .string({ error: 'must be a day and a time in quotes → "Fri 16:00" or "2026-12-23"' })
  .regex(FREEZE_END, NO_FREEZE_END)
  .refine(value => parseFreezeEnd(value) !== undefined, NO_FREEZE_END)

const freeze = z.strictObject({
  from: freezeEnd.describe('By the wall clock of time_zone: "Fri 16:00", "2026-12-23"'),
  to: freezeEnd.describe('Of the same kind as from; from then on things move again'),
  why: text.describe('Told to whoever is kept waiting')
})

/** These reach every SQL file without being asked for. */
const BOUND_BY_ROLLGATE = /^(?!(since|until|environment)$)/u

const parameterName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/u, {
    error: 'is not the name of a parameter → use lower-case letters, digits and underscores'
  })
  .regex(BOUND_BY_ROLLGATE, { error: 'is bound by Rollgate itself → rename it' })

const parameters = z.record(parameterName, text)

/** Where production is staged the job waits for it twice, and it ends after three hours. */
const LONGEST_PROOF_MS = 3_600_000

const probe = z.strictObject({
  path: z
    .string({ error: 'must be a path → /api/health' })
    .regex(/^\/(?!\/)[^\s\\#\p{Cc}]{0,500}$/u, {
      error: 'is not the path of a request → begin with one slash: /api/health'
    })
    .describe('Asked of the deployment with GET; redirects are not followed'),
  status: z
    .int({ error: 'must be a whole number → status: 200' })
    .min(200, { error: 'is no status of an answer → 200' })
    .max(599, { error: 'is no status of an answer → 200' })
    .default(200)
    .describe('The status that the answer must have'),
  contains: text.optional().describe('Text that the body must hold, in its first 64 KiB')
})

const exposure = z.strictObject({
  metric: name.describe('Metric of kind proportion, as exposure'),
  parameters: parameters
    .default({})
    .describe("Bound into its SQL beside the definition's own: { mode: shadow }"),
  at_least: z
    .string({ error: 'must be a share → at_least: 95%' })
    .regex(/^(?!0+(\.0+)?%$)(100(\.0+)?|\d{1,2}(\.\d{1,9})?)%$/u, {
      error: 'is not a share above zero → at_least: 95%'
    })
    .default('95%')
    .describe('The least share of the units that must be counted'),
  min_units: z
    .int({ error: 'must be a whole number → min_units: 1' })
    .min(1, { error: 'must be above zero → min_units: 1' })
    .default(1)
    .describe('A share of fewer units says nothing')
})

const effect = z
  .strictObject({
    probe: probe.optional().describe('A request that must be answered in a certain way'),
    exposure: exposure.optional().describe('A share, read by SQL, that must be reached'),
    deadline: span
      .refine(value => (parseDuration(value) ?? 0) <= LONGEST_PROOF_MS, {
        error: 'is longer than one job can wait → write 1h or less'
      })
      .default('10m')
      .describe('A phase that is not proven by then is put back')
  })
  .describe('What must be seen at the deployment before the phase counts as applied')

const phase = z.strictObject({
  name,
  target: name.describe('One of the targets above'),
  gate: gate.optional(),
  flags,
  effect: effect.optional(),
  soak: duration.describe('How long the phase must stand, by the database clock'),
  extend: duration
    .default('0m')
    .describe('Further time when there is too little evidence at the end of the soak'),
  checkpoints: z
    .array(duration, { error: 'must be a list of durations → [0m, 1h, 48h]' })
    .min(1, { error: 'is empty → name at least the end of the soak' })
    .describe('Required looks, counted from the start of the phase; the last one ends the soak'),
  criteria: name.describe('Name of a set under `criteria`'),
  enabled: z
    .boolean({ error: 'must be true or false → true, without quotes' })
    .default(true)
    .describe('A phase that is not enabled is checked like any other and not carried out')
})

const sustained = z.strictObject({
  bucket: span.optional().describe('Length of a bucket: 5m for events, 1h for values'),
  run: z.int().min(1).max(100).default(3).describe('This many buckets in a row'),
  of: z
    .tuple([z.int().min(1), z.int().min(1)], { error: 'must be two whole numbers → [4, 12]' })
    .default([4, 12])
    .describe('Or this many of the last so many buckets')
})

const state = z
  .string({ error: 'must be the name of a state → put it in quotes' })
  .min(1, { error: 'is empty → write the name of a state' })
  .max(100, { error: 'is longer than 100 characters → write the name of a state' })

const legal = z
  .record(state, z.array(state, { error: 'must be a list of states → [assigned, failed]' }), {
    error: 'must be a map of states to those that may follow → { created: [assigned, failed] }'
  })
  .refine(map => Object.keys(map).length > 0, {
    error: 'allows nothing → write at least one: { created: [assigned, failed] }'
  })

const stuck = z.strictObject({
  state: state.describe('Units that are in it, and in no later one, are waiting'),
  warn: span.default('10m').describe('Longer than this is a warning'),
  red: span.default('30m').describe('Longer than this is red')
})

/** GitHub takes labels of up to fifty characters, and a list of them with commas between. */
const label = z
  .string({ error: 'must be the name of a label → customer-report' })
  .regex(/^(?! )[^,\p{Cc}]{1,50}(?<! )$/u, {
    error: 'is not the name of one label → customer-report'
  })
  .refine(text => text.toLowerCase() !== ISSUE_LABEL, {
    error:
      'is the label of the issues that Rollgate files itself, so that a hold would roll back → customer-report'
  })

const criterion = z.strictObject({
  metric: name.optional().describe('Name of a metric, as its SQL file declares it'),
  pass: bound.optional().describe('A share with %, a value without'),
  warn: bound.optional().describe('Shown; everything between pass and red is a warning'),
  red: bound.optional(),
  strict_min_n: z
    .int()
    .min(1)
    .optional()
    .describe('From this many units on, a share beyond red is red'),
  min_samples: z
    .int({ error: 'must be a whole number → min_samples: 20' })
    .min(1, { error: 'must be above zero → min_samples: 20' })
    .optional()
    .describe('A value made from fewer samples says nothing'),
  zero_tolerance: z
    .literal(true, { error: 'can only be true → leave it out otherwise' })
    .optional(),
  sustained: sustained.optional(),
  heal: span.optional().describe('Trouble counts as healed after this much clean time'),
  healed: z
    .enum(['red', 'warn'], { error: 'must be red or warn → healed: red' })
    .optional()
    .describe('What a healed burst of trouble is'),
  legal: legal.optional().describe('The states that may follow each state'),
  stuck: stuck.optional().describe('A state that no unit may stay in for long'),
  reported: label
    .optional()
    .describe('No issue with this label may be opened while the phase stands'),
  control: name.optional().describe('Metric that proves that telemetry was arriving'),
  control_slot: span.optional().describe('How finely the control is checked')
})

const yesOrNo = z.boolean({ error: 'must be true or false → true, without quotes' })

const hostName = z
  .string({ error: 'must be a domain → staging.shop.example' })
  .max(253, { error: 'is longer than a domain can be → staging.shop.example' })
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/u, {
    error: 'is not a domain → staging.shop.example, in small letters, without https:// and path'
  })

const target = z.strictObject({
  keys: name.describe('GitHub environment that holds the secrets of this target'),
  deploy: z
    .enum(['cli', 'git'], { error: 'is not a way to deploy → cli or git' })
    .default('cli')
    .describe('cli uploads the working directory; git lets Vercel take the commit by itself'),
  prebuilt: yesOrNo
    .default(false)
    .describe('Uploads .vercel/output as it was built before; with deploy: cli only'),
  commit: z
    .enum(['live', 'head'], { error: 'is not a commit policy → live or head' })
    .optional()
    .describe('The code that serves now, or the newest; live with git, head with cli'),
  staged: yesOrNo
    .default(false)
    .describe('Production only: built without traffic, proven, then promoted'),
  alias: hostName
    .optional()
    .describe('Never on production: the domain that is pointed at each deployment'),
  rolling_release: z
    .enum(['refuse', 'complete'], { error: 'must be refuse or complete → refuse' })
    .default('refuse')
    .describe('Production only: whether a Rolling Release is refused, or given all traffic at once')
})

const database = z.strictObject({
  secret: z
    .string({ error: 'must be the name of a secret → DATABASE_URL' })
    .regex(/^[A-Z_][A-Z0-9_]*$/u, {
      error: 'is not the name of a secret → only its NAME stands here, never a connection string'
    }),
  environment_filter: z
    .union([z.literal('none'), z.record(name, text)], {
      error: 'must be none, or a map of targets to values → { preview: staging, production: live }'
    })
    .describe('How rows of one target are told from those of another; none: they are not'),
  grace: duration.default('30s').describe('How long late rows are waited for'),
  require_read_only: z
    .boolean({ error: 'must be true or false → true, without quotes' })
    .default(false)
    .describe('Preflight fails, and does not only warn, when the role may write'),
  max_planned_cost: z
    .number({ error: 'must be a number → max_planned_cost: 10000000' })
    .positive({ error: 'must be above zero → max_planned_cost: 10000000' })
    .default(10_000_000)
    .describe('A metric that the planner expects to cost more is refused before it is run')
})

const rollback = z.strictObject({
  flags,
  watch: span.default('30m').describe('How long the old state is watched after a rollback'),
  criteria: name.describe('Name of the criteria set the watch is judged by')
})

const graduation = z.strictObject({
  after: duration,
  issue: z.strictObject({ title: text, body: text }),
  env_example: text.optional()
})

const blind = z.strictObject({
  max: duration.default('6h'),
  decision: z
    .enum(['hold', 'rollback'], { error: 'must be hold or rollback → decision: hold' })
    .default('hold')
})

export const nameSchema = name
export const targetSchema = target
export const freezeSchema = freeze
export const phaseSchema = phase
export const criterionSchema = criterion
export const flagsSchema = flags
export const rollbackSchema = rollback

export const definitionSchema = z
  .strictObject({
    name,
    owner: text.describe('Who is asked when something is unclear'),
    time_zone: text
      .default('UTC')
      .describe('IANA name; reports show it beside UTC, and a freeze goes by its clock'),
    units_per_day: z
      .int({ error: 'must be a whole number → units_per_day: 27' })
      .positive({ error: 'must be above zero → units_per_day: 27' })
      .optional()
      .describe('How many units end on a usual day; preflight says how soon shares can pass'),
    freeze: z
      .array(freeze, { error: 'must be a list → - { from: "Fri 16:00", to: "Mon 08:00", why: … }' })
      .default([])
      .describe('Times in which nothing moves forward; looks and rollbacks go on'),
    database,
    parameters: parameters.default({}).describe("Bound into every SQL file: :'source'"),
    targets: z.record(name, target),
    deploy_deadline: span.default('20m').describe('How long one deployment may take'),
    blind: blind.prefault({}).describe('What happens when nobody can look'),
    phases: z.array(phase).min(1, { error: 'is empty → a rollout has at least one phase' }),
    criteria: z.record(name, z.record(name, criterion)),
    shown: z
      .record(name, text)
      .default({})
      .describe('Shares that are shown beside the criteria and never judged: metric to label'),
    rollback,
    graduation: graduation.optional()
  })
  .describe('A Rollgate rollout definition')

export type RawDefinition = z.output<typeof definitionSchema>
export type RawPhase = z.output<typeof phaseSchema>
export type RawTarget = z.output<typeof targetSchema>
export type RawCriterion = z.output<typeof criterionSchema>

/** JSON Schema (draft 2020-12) of a definition file, for editors. */
export function definitionJsonSchema(): object {
  return z.toJSONSchema(definitionSchema, { io: 'input', target: 'draft-2020-12' })
}
