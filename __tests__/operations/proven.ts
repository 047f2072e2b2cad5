import { createHash } from 'node:crypto'
import { expect } from '@jest/globals'
import { createGitArchive } from '../../src/git/archive.ts'
import { type ReplayRequest, replay } from '../../src/operations/replay.ts'
import type { LedgerArchive } from '../../src/rollout/ports.ts'
import { lookOutcome, type ReplayedRollout } from '../../src/rollout/replay.ts'

/** Every look of these rollouts, made again from what the ledger keeps. */
export function replayed(
  archive: LedgerArchive,
  request: ReplayRequest = {}
): Promise<readonly ReplayedRollout[]> {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  return replay({ archive, sha256, log: { info: () => undefined } }, request)
}

/** Whatever happened, each verdict and decision on record follows from what was kept of it. */
export async function expectProven(folder: string): Promise<readonly ReplayedRollout[]> {
  const archive = createGitArchive({ folder })
  const rollouts = (await archive.list()).length === 0 ? [] : await replayed(archive)
  for (const { looks, contradictions, obstacles } of rollouts) {
    const unproven = looks.filter(look => lookOutcome(look) !== 'agrees')
    expect({ unproven, contradictions, obstacles }).toEqual({
      unproven: [],
      contradictions: [],
      obstacles: []
    })
  }
  return rollouts
}
