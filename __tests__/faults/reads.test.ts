import { check } from '../../src/operations/check.ts'
import { preflight } from '../../src/operations/preflight.ts'
import { ProviderError } from '../../src/rollout/rollgate-error.ts'
import { bundledMetrics } from '../postgres/embedded.ts'
import { advance } from './apply.ts'
import type { Subject } from './matrix.ts'
import { testMatrix } from './matrix.ts'
import { type Ground, openGround, subjectOf } from './operations.ts'

const { headers } = await bundledMetrics()

/** A look at a phase that soaks: whatever it cannot see, it holds at most, and tells what it was. */
async function openLook(): Promise<Subject> {
  const ground = await openGround()
  await advance(ground)
  return reading(ground, async () => {
    const { look } = await check(ground.process('look-1'), { wokenBy: 'test' })
    const unseen = look?.integrity.filter(({ ok }) => !ok) ?? []
    return unseen.map(({ code, message }) => ({ code, message, remedy: look?.rule ?? '' }))
  })
}

/** A preflight, which tells of every part that it could not ask. */
async function openPreflight(): Promise<Subject> {
  const ground = await openGround()
  return reading(ground, async () => {
    const items = await preflight(ground.process('preflight-1'), headers)
    return items
      .filter(item => item.outcome === 'fail' && item.name !== 'database')
      .map(({ message, ...item }) => ({
        code: 'preflight',
        message,
        remedy: 'remedy' in item ? item.remedy : ''
      }))
  })
}

type Told = Pick<ProviderError, 'code' | 'message' | 'remedy'>

/** What a reading could not see is its failure here; nothing it does may change anything. */
function reading(ground: Ground, ask: () => Promise<readonly Told[]>): Subject {
  const run = async (): Promise<void> => {
    const mutations = ground.simulator.mutations
    const [first] = await ask()
    if (ground.simulator.mutations !== mutations) throw new Error('a reading changed something')
    if (first) throw new ProviderError(first.code, first.message, first.remedy)
  }
  return subjectOf(ground, { run, again: run, excuse: () => Promise.resolve(undefined) })
}

await testMatrix({ name: 'a look', open: openLook })
await testMatrix({ name: 'preflight', open: openPreflight })
