import * as z from 'zod'
import { ACCEPTANCE_KINDS, type AcceptanceKind } from './rollout/acceptance.ts'
import { parseDuration } from './rollout/duration.ts'
import type { PastMoment } from './rollout/past.ts'
import { InputError } from './rollout/rollgate-error.ts'

/** The operations of the action and of the command, by the same names. */
export const OPERATIONS = [
  'preflight',
  'next',
  'plan',
  'apply',
  'check',
  'rollback',
  'hold',
  'resume',
  'status',
  'graduate',
  'due',
  'wake',
  'flags',
  'deploy',
  'verify',
  'backtest'
] as const

export type OperationName = (typeof OPERATIONS)[number]

const optional = z
  .string()
  .trim()
  .transform(text => (text === '' ? undefined : text))

/** One thing a line. */
const lines = z.string().transform((text): readonly string[] => linesOf(text))

const required = (name: string) =>
  z
    .string()
    .trim()
    .min(1, { error: `is required → give ${name}` })

/** Where a ledger is kept. */
export type LedgerPlace =
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'folder'; readonly folder: string }

const ledgerPlace = z
  .string()
  .trim()
  .regex(/^(?:file:.|branch:[\w./-]+$)/u, {
    error:
      'is not a ledger → write branch: and a name, as in branch:rollgate-ledger, or file: and a folder'
  })
  .transform((text): LedgerPlace => {
    const [, kind, name = ''] = /^(file|branch):(.*)$/su.exec(text) ?? []
    return kind === 'branch' ? { kind, branch: name } : { kind: 'folder', folder: name }
  })

/** A file below .github/workflows. */
const workflowFile = (usual: string) =>
  z
    .string()
    .trim()
    .transform(text => text || usual)
    .pipe(
      z.string().regex(/^[\w.-]+\.ya?ml$/u, {
        error: `is not a workflow → write the name of the file, as ${usual || 'rollout-timers.yml'}`
      })
    )

/** An instant without its zone would be another one on every machine. */
const instant = z.iso
  .datetime({ offset: true })
  .transform((text): PastMoment => ({ kind: 'instant', at: new Date(text).toISOString() }))

const ago = z
  .string()
  .transform(parseDuration)
  .pipe(z.number())
  .transform((ms): PastMoment => ({ kind: 'ago', ms }))

const moment = optional.pipe(
  z
    .union([instant, ago], {
      error: 'is neither an instant nor a span → write 2026-01-31T08:00:00Z, 30d or 48h'
    })
    .optional()
)

/** Lines `NAME=value` set, a line `NAME=` sets an empty value, a line `NAME` only names the flag. */
const flagLines = z.string().transform((text, context) => {
  const lines = text.split('\n').map(line => line.trim())
  const flags = lines.filter(Boolean).map(line => {
    const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/u.exec(line) ?? []
    if (name !== undefined) return [name, value] as const
    // Only how it begins: somebody may have pasted what nobody may read.
    const [start] = /^[\w-]*/u.exec(line) ?? []
    context.addIssue(
      `"${start}…" is no flag → write one NAME=value a line, or NAME alone to read it`
    )
    return ['', undefined] as const
  })
  return Object.fromEntries(flags) as Readonly<Record<string, string | undefined>>
})

/** Words; `nothing` is what a form of GitHub says for none. */
const acceptanceKinds = z.string().transform((text, context): readonly AcceptanceKind[] => {
  const words = text.split(/[\s,]+/u).filter(word => word !== '' && word !== 'nothing')
  const kinds = ACCEPTANCE_KINDS.filter(kind => words.includes(kind))
  if (words.every(word => ACCEPTANCE_KINDS.some(kind => kind === word))) return kinds
  context.addIssue('is nothing that can be accepted → thin, warnings, or both')
  return z.NEVER
})

/** A command and its leading arguments; what stands in quotes is one word. */
const commandLine = z
  .string()
  .trim()
  .transform((text, context) => {
    if (/["']/u.test(text.replaceAll(/"[^"]*"|'[^']*'/gu, ''))) {
      context.addIssue('leaves a quotation mark open → close it')
    }
    const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/gu) ?? []
    return words.map(word => word.replaceAll(/"([^"]*)"|'([^']*)'/gu, '$1$2'))
  })

/**
 * Every input by its name in action.yml; the command's options and environment variables fill in
 * the same ones. Empty means absent.
 */
export const inputsSchema = z.strictObject({
  operation: z.enum(OPERATIONS, {
    error: `is not an operation → one of ${OPERATIONS.join(', ')}`
  }),
  definition: required('the path of the definition, as in rollouts/assignment-pipeline-v3.yml'),
  phase: z
    .string()
    .trim()
    .transform(text => text || 'next'),
  reason: optional,
  accept: acceptanceKinds,
  confirm: optional,
  /** What the approved briefing bound to. */
  digest: optional,
  /** Only what is done with the secrets of this environment. */
  keys: optional,
  freeze: optional,
  ledger: ledgerPlace,
  'woken-by': z
    .string()
    .trim()
    .transform(text => text || 'dispatch'),
  target: optional,
  flags: flagLines,
  since: moment,
  until: moment,
  metrics: lines,
  'working-directory': z
    .string()
    .trim()
    .transform(text => text || '.'),
  'database-url': optional,
  'database-ca': optional,
  'vercel-token': optional,
  'vercel-bypass': optional,
  'vercel-org-id': optional,
  'vercel-project-id': optional,
  'vercel-api-url': z
    .string()
    .trim()
    .transform(text => text || 'https://api.vercel.com')
    .pipe(z.url({ error: 'is not a URL → https://api.vercel.com' })),
  'vercel-cli': z
    .string()
    .trim()
    .transform(text => text || 'vercel')
    .pipe(commandLine),
  'github-token': optional,
  'rollout-workflow': workflowFile('rollout.yml'),
  'monitor-workflow': workflowFile('rollout-monitor.yml'),
  'rollback-workflow': workflowFile('rollout-rollback.yml'),
  /** Without it there are no timers. */
  'timers-workflow': z.union(
    [
      z
        .string()
        .trim()
        .length(0)
        .transform(() => undefined),
      workflowFile('')
    ],
    {
      error: 'is not a workflow → write the name of the file, as rollout-timers.yml'
    }
  )
})

export type Inputs = z.output<typeof inputsSchema>
export type InputName = keyof Inputs

export const INPUT_NAMES = Object.keys(inputsSchema.shape) as readonly InputName[]

/** What the action writes, whatever happens. */
export const OUTPUT_NAMES = [
  'decision',
  'verdict',
  'status',
  'phase',
  'deployment-url',
  'gate',
  'keys',
  'all-keys',
  'digest',
  'go',
  'due',
  'result'
] as const

/** What an operation cannot do without, and how it is given. */
const NEEDS: Partial<Record<OperationName, readonly [InputName, string]>> = {
  rollback: ['reason', 'say why; the ledger keeps it'],
  hold: ['reason', 'say why; the ledger keeps it'],
  resume: ['reason', 'say why; the ledger keeps it'],
  flags: ['target', 'preview or production'],
  deploy: ['target', 'preview or production'],
  verify: ['since', 'the start of the window, as 2026-01-31T08:00:00Z or 48h'],
  backtest: ['since', 'the start of the past, as 30d or 2026-01-31T08:00:00Z']
}

/**
 * Inputs as they came, checked all at once.
 * @throws InputError (`inputs_invalid`) naming every mistake, never a secret's value
 */
export function parseInputs(raw: Readonly<Record<InputName, string>>): Inputs {
  const parsed = inputsSchema.safeParse(raw)
  const mistakes = [
    ...(parsed.error?.issues ?? []).map(describe),
    ...missing(raw),
    ...severalDefinitions(raw),
    ...(parsed.success ? acceptedElsewhere(parsed.data) : [])
  ]
  if (parsed.success && mistakes.length === 0) return parsed.data
  throw new InputError(
    'inputs_invalid',
    mistakes.join('\n'),
    'Correct these inputs; nothing was changed.'
  )
}

function describe({ path, message }: z.core.$ZodIssue): string {
  const [problem, fix] = message.split(' → ')
  return `${path.join('.')} ${problem}. Fix: ${fix ?? 'see README.md'}.`
}

function missing(raw: Readonly<Record<InputName, string>>): readonly string[] {
  const operation = raw.operation.trim()
  const [name, fix] = NEEDS[operation as OperationName] ?? []
  return name === undefined || raw[name].trim() !== ''
    ? []
    : [`${name} is required for ${operation}. Fix: ${fix}.`]
}

/** Whoever accepts something by a slip must not believe that it was accepted. */
function acceptedElsewhere({ operation, accept }: Inputs): readonly string[] {
  return operation === 'resume' || accept.length === 0
    ? []
    : [`accept means nothing for ${operation}. Fix: leave it out, or resume.`]
}

/** Lines of the input `definition`: the files that are named, several for `due` only. */
export function definitionFiles({
  definition
}: {
  readonly definition: string
}): readonly string[] {
  return linesOf(definition)
}

function linesOf(text: string): readonly string[] {
  const all = text.split('\n').map(line => line.trim())
  return all.filter(line => line !== '')
}

function severalDefinitions(raw: Readonly<Record<InputName, string>>): readonly string[] {
  const operation = OPERATIONS.find(name => name === raw.operation.trim())
  const { length } = definitionFiles(raw)
  return operation === undefined || operation === 'due' || length < 2
    ? []
    : [
        `definition names ${length} files, and ${operation} takes one. Fix: name one; several are for due only.`
      ]
}
