import type { Definition } from '../rollout/definition.ts'
import type { LookBody } from '../rollout/events.ts'
import { rolloutFolder } from '../rollout/rollout-id.ts'
import type { State } from '../rollout/state.ts'
import { CRITERION_COLUMNS, criterionCells } from './criterion-cells.ts'
import { flagText } from './flag.ts'
import { utcText } from './instant.ts'
import { code, md, table } from './markdown.ts'
import { fitPage } from './page.ts'
import { rolloutName } from './rollout-name.ts'

export interface GraduationInput {
  readonly definition: Definition
  readonly state: State
  /** The look over the time since the promotion. */
  readonly look: LookBody
}

/** What is filed as an issue, or proposed as a change. */
export interface Filed {
  readonly title: string
  /** Markdown. */
  readonly body: string
}

const BODY_LIMIT_BYTES = 60_000

/** The clean-up that was put off until the rollout has proven itself, with the final metrics. */
export function renderCleanUp({ definition, state, look }: GraduationInput): Filed {
  const { issue } = definition.graduation ?? { issue: { title: 'Clean up', body: '' } }
  const rollout = rolloutName(definition, state)
  const folder = rolloutFolder(definition.name, state.number)
  const rows = look.judgements.map(judgement => criterionCells(definition, look, judgement))
  return {
    title: issue.title,
    body: fitPage(
      [
        issue.body.trimEnd(),
        md`${rollout} has served since ${utcText(look.window?.since ?? '')}, and this is what it came to:`
          .markdown,
        table(CRITERION_COLUMNS, rows),
        md`The ledger has the evidence in ${code(`${folder}/evidence/graduation`)} and the whole story in ${code(`${folder}/verification.md`)}.`
          .markdown
      ],
      BODY_LIMIT_BYTES
    )
  }
}

/** Why the example of the environment gets the values that the last phase left. */
export function renderProposal({
  rollout,
  path,
  flags
}: {
  readonly rollout: string
  readonly path: string
  readonly flags: Readonly<Record<string, string>>
}): Filed {
  const rows = Object.entries(flags).map(([flag, value]) => [code(flag), flagText(value)])
  return {
    title: `Set ${path} to what ${rollout} has proven`,
    body: fitPage(
      [
        md`${rollout} has graduated. These are the values that production serves; ${code(path)} still had others.`
          .markdown,
        table(['flag', 'value'], rows),
        md`Nothing else in the file is changed.`.markdown
      ],
      BODY_LIMIT_BYTES
    )
  }
}
