import { nameSchema, type RawTarget, targetSchema } from './definition-schema.ts'
import type { Problem, YamlSource } from './yaml-source.ts'

type Draft = { readonly [Key in keyof RawTarget]?: RawTarget[Key] | undefined }

interface Rule {
  readonly key: keyof RawTarget
  readonly breaks: (target: Draft, name: string) => boolean
  readonly message: string
  readonly fix: string
}

const isProduction = (name: string): boolean => name === 'production'

const RULES: readonly Rule[] = [
  {
    key: 'prebuilt',
    breaks: ({ prebuilt, deploy }) => prebuilt === true && deploy === 'git',
    message: 'goes with deploy: cli only; with git Vercel builds the commit itself',
    fix: 'remove prebuilt, or write deploy: cli'
  },
  {
    key: 'commit',
    breaks: ({ prebuilt, deploy, commit }) =>
      prebuilt === true && deploy !== 'git' && commit === 'live',
    message: 'cannot be live with prebuilt: what was built before is what is uploaded',
    fix: 'write commit: head, or remove prebuilt'
  },
  {
    key: 'staged',
    breaks: ({ staged }, name) => staged === true && !isProduction(name),
    message: 'is for production only; no other target has a deployment without traffic',
    fix: 'remove staged'
  },
  {
    key: 'alias',
    breaks: ({ alias }, name) => alias !== undefined && isProduction(name),
    message: 'is not for production, whose domains Vercel itself keeps at one deployment',
    fix: 'remove alias'
  },
  {
    key: 'rolling_release',
    breaks: ({ rolling_release }, name) => rolling_release === 'complete' && !isProduction(name),
    message: 'is for production only; no other target has Rolling Releases',
    fix: 'remove rolling_release'
  }
]

/** How each target is deployed; a target with one misshapen setting is still checked for the others. */
export function checkTargets(source: YamlSource, targets: unknown): readonly Problem[] {
  if (typeof targets !== 'object' || targets === null) return []
  return Object.entries(targets)
    .filter(([name]) => nameSchema.safeParse(name).success)
    .flatMap(([name, raw]) => checkTarget(source, name, wellShaped(raw)))
}

function checkTarget(source: YamlSource, name: string, target: Draft): readonly Problem[] {
  return RULES.filter(({ breaks }) => breaks(target, name)).map(({ key, message, fix }) =>
    source.problem(['targets', name, key], message, fix)
  )
}

function wellShaped(raw: unknown): Draft {
  const shape = targetSchema.partial()
  const broken = shape.safeParse(raw).error?.issues ?? []
  const names = new Set(broken.map(({ path }) => String(path[0])))
  const kept = Object.entries(raw ?? {}).filter(
    ([key]) => Object.hasOwn(shape.shape, key) && !names.has(key)
  )
  return shape.safeParse(Object.fromEntries(kept)).data ?? {}
}
