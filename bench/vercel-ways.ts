import { apply } from '../src/operations/apply.ts'
import { rollback } from '../src/operations/rollback.ts'
import type { Sent, VercelPlace } from './vercel-place.ts'
import type { Measured } from './vercel-table.ts'

/** The ways, by the name they have in the table. */
export const VERCEL_WAYS = [
  'three `vercel env add`',
  'Rollgate: flags set and verified',
  '`vercel --prod`',
  'three `vercel env add`, `vercel --prod`',
  'Rollgate: apply (flags, deploy, live)',
  '`vercel rollback`',
  'Rollgate: red verdict to old deployment live',
  '`vercel rollback`, three `vercel env update`',
  'Rollgate: red verdict to flags off and verified'
] as const

export type VercelWay = (typeof VERCEL_WAYS)[number]

/** Each starts and leaves the project without the flags; only the way itself is measured. */
export const vercelWays: Readonly<Record<VercelWay, (place: VercelPlace) => Promise<Measured>>> = {
  'three `vercel env add`': place => from(place, () => addByHand(place)),
  'Rollgate: flags set and verified': async place => {
    const { flags } = await place.open()
    return from(place, () =>
      flags.write({ target: 'production', flags: place.flags, comment: 'bench' })
    )
  },
  '`vercel --prod`': place => from(place, () => deployByHand(place)),
  'three `vercel env add`, `vercel --prod`': place =>
    from(place, async () => {
      await addByHand(place)
      await deployByHand(place)
    }),
  'Rollgate: apply (flags, deploy, live)': place => applied(place),
  '`vercel rollback`': async place => {
    const { old } = await twoDeployments(place)
    return from(place, () => place.vercel('rollback', old, '--yes'))
  },
  'Rollgate: red verdict to old deployment live': async place => (await rolledBack(place)).live,
  '`vercel rollback`, three `vercel env update`': async place => {
    const { old } = await twoDeployments(place)
    return from(place, async () => {
      await place.vercel('rollback', old, '--yes')
      for (const flag of Object.keys(place.flags)) await setByHand(place, 'update', flag, 'off')
    })
  },
  'Rollgate: red verdict to flags off and verified': async place => (await rolledBack(place)).off
}

async function addByHand(place: VercelPlace): Promise<void> {
  for (const [flag, value] of Object.entries(place.flags))
    await setByHand(place, 'add', flag, value)
}

function setByHand(
  place: VercelPlace,
  verb: 'add' | 'update',
  flag: string,
  value: string
): Promise<void> {
  const type = verb === 'add' ? ['--type', 'config'] : []
  return place.vercel('env', verb, flag, 'production', '--value', value, ...type, '--yes')
}

function deployByHand(place: VercelPlace): Promise<void> {
  return place.vercel('deploy', '--prod', '--yes')
}

/** Production has gone on to a second deployment, whose flags are on. */
async function twoDeployments({
  simulator,
  flags
}: VercelPlace): Promise<{ readonly old: string }> {
  const old = simulator.deployByHand('production').id
  for (const [flag, value] of Object.entries(flags))
    simulator.setFlagByHand('production', flag, value)
  await promoted(simulator.deployByHand('production').id, simulator)
  return { old }
}

/** After a rollback by hand new deployments do not take the domains by themselves. */
async function promoted(id: string, { live }: VercelPlace['simulator']): Promise<void> {
  if (live('production')?.id !== id) throw new Error(`production does not serve ${id}`)
}

async function applied(place: VercelPlace): Promise<Measured> {
  const since = performance.now()
  const before = place.simulator.requests.length
  let measured: Measured | undefined
  const world = await place.open(kinds => {
    if (kinds.includes('phase-applied')) measured = until(place, since, before)
  })
  await apply(world, { phase: 'next', wokenBy: 'bench', confirm: 'bench' })
  place.clear()
  if (measured === undefined) throw new Error('the phase was not applied')
  return measured
}

/** Rolled back after a phase was applied: until the old deployment serves, and until the flags are proven off. */
async function rolledBack(
  place: VercelPlace
): Promise<{ readonly live: Measured; readonly off: Measured }> {
  const marks: Record<string, Measured> = {}
  let since = Number.NaN
  let before = 0
  const world = await place.open(kinds => {
    for (const kind of kinds) marks[kind] ??= until(place, since, before)
  })
  await apply(world, { phase: 'next', wokenBy: 'bench', confirm: 'bench' })
  since = performance.now()
  before = place.simulator.requests.length
  const first = place.sent.length
  await rollback(world, 'red verdict')
  place.clear()
  const moved = place.sent.slice(first).find(({ path }) => path.includes('/rollback/'))
  const off = marks['flags-off']
  if (moved === undefined || off === undefined) throw new Error('it was not rolled back')
  const upToThat = place.sent.slice(first).filter(({ startMs }) => startMs <= moved.startMs)
  const live = {
    ms: moved.endMs - since,
    requests: upToThat.length,
    sequential: depthOf(upToThat)
  }
  return { live, off }
}

/** Runs it, from here to its end. */
async function from(place: VercelPlace, way: () => Promise<unknown>): Promise<Measured> {
  const since = performance.now()
  const before = place.simulator.requests.length
  await way()
  const measured = until(place, since, before)
  place.clear()
  return measured
}

function until({ simulator, sent }: VercelPlace, since: number, before: number): Measured {
  const ms = performance.now() - since
  const ours = sent.filter(({ startMs }) => startMs >= since)
  const requests = simulator.requests.length - before
  // What the CLI sends, it sends one after the other.
  return { ms, requests, sequential: requests - ours.length + depthOf(ours) }
}

/** The longest chain of requests each of which waited for the one before. */
export function depthOf(sent: readonly Sent[]): number {
  const depths: { readonly endMs: number; readonly depth: number }[] = []
  for (const { startMs, endMs } of sent.toSorted((a, b) => a.startMs - b.startMs)) {
    const earlier = depths.filter(one => one.endMs <= startMs).map(({ depth }) => depth)
    depths.push({ endMs, depth: 1 + Math.max(0, ...earlier) })
  }
  return Math.max(0, ...depths.map(({ depth }) => depth))
}
