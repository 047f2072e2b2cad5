import type { State } from '../rollout/state.ts'
import { link, type Markup, md } from './markdown.ts'

/** What the graduation left behind. */
export function graduation({ graduated }: State): readonly Markup[] {
  if (graduated === undefined) return []
  const { message, issue, proposal } = graduated
  const filed =
    issue === undefined ? md`no clean-up was filed` : link('the clean-up is filed', issue)
  const proposed = proposal === undefined ? md`${message}` : link(message, proposal)
  return [md`**Graduated:** ${filed}; ${proposed}`]
}
