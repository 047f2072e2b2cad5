import { productionOnly } from '../operations/outside.ts'
import type { GroundOptions } from './operations.ts'

const repository = {
  org: 'acme',
  repo: 'shop',
  productionBranch: 'main',
  commits: ['a'.repeat(40), 'b'.repeat(40)]
}

const TARGETS = `targets:
  preview: { keys: staging, deploy: git, alias: staging.shop.example }
  production: { keys: production, deploy: git, staged: true }
`

const fromGit = (text: string): string => text.replace(/^targets:\n(?: .*\n)+/mu, TARGETS)
const stagedProduction = (text: string): string => fromGit(productionOnly(text))

/** The first phase is on a preview with a domain of its own, deployed from the repository. */
export const PREVIEW_FROM_GIT: GroundOptions = { edit: fromGit, repository }

/** Production alone, deployed from the repository and staged. */
export const STAGED_FROM_GIT: GroundOptions = { edit: stagedProduction, repository }
