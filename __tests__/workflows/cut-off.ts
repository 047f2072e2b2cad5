import { expect } from '@jest/globals'
import type { LoggedRequest } from '../../src/rehearsal/http/server.ts'
import { definition, live, NAME, raiseStage, type Stage, type Theatre } from './stage.ts'

export type Api = 'github' | 'vercel'

/** What somebody does with a button, in a world made ready for it. */
export interface Story {
  readonly definition: string
  readonly prepare: (stage: Stage) => Promise<unknown>
  readonly press: (stage: Stage) => Promise<number>
  /** What is done after it was cut off; the same unless told. */
  readonly again?: (stage: Stage) => Promise<number>
  /** What is left when it is over, without times, names of runs and numbers of deployments. */
  readonly left: (stage: Stage) => Promise<object>
}

/** The rollout as its ledger has it, and as visitors and the next deployment meet it. */
export async function everything(stage: Stage): Promise<object> {
  const state = await stage.state()
  return {
    status: state.status,
    waits: stage.machine.runs.some(({ status }) => status === 'waiting'),
    phases: state.phases.map(({ name, status }) => ({ name, status })),
    ledger: skeleton(await stage.events()),
    ...Object.fromEntries(
      ['preview', 'production'].map(target => [
        target,
        { flags: stage.flags(target), serving: stage.serving(target) }
      ])
    )
  }
}

/**
 * What a cut press had done is not done again; only its sentinel looks, and its briefing, may be. And it
 * may have set the next phase going without having said so.
 */
function skeleton(events: Awaited<ReturnType<Stage['events']>>): readonly string[] {
  const told = events.flatMap(event => {
    switch (event.kind) {
      case 'rollback-step':
        return `${event.kind} ${event.step}`
      case 'look': {
        const { kind, phase, checkpoints, decision } = event
        return checkpoints.length === 0
          ? []
          : `${kind} ${phase} ${checkpoints.join(' ')} ${decision}`
      }
      case 'dispatching':
      case 'dispatched':
        return []
      default:
        return 'phase' in event ? `${event.kind} ${event.phase}` : event.kind
    }
  })
  return told.filter((line, index) => line !== 'phase-planned live' || line !== told[index - 1])
}

/** A phase on production, begun and live. */
export const APPLY: Story = {
  definition: definition(live({ gate: '' })),
  prepare: async () => undefined,
  press: stage => stage.press('rollout.yml', { confirm: NAME }),
  left: everything
}

/** The red button, pressed while that phase soaks. */
export const ROLLBACK: Story = {
  definition: APPLY.definition,
  prepare: stage => stage.advance(),
  press: stage => stage.press('rollout-rollback.yml', { reason: 'it smells' }),
  left: everything
}

/** What an undisturbed press leaves, and where it can be cut off. */
export async function undisturbed(
  theatre: Theatre,
  { definition: text, prepare, press, left }: Story,
  api: Api
): Promise<{ readonly cuts: readonly Cut[]; readonly leaves: object }> {
  const stage = await raiseStage(theatre, { definition: text })
  await prepare(stage)
  const { mutations } = stage[api]
  const run = await press(stage)
  await stage.machine.runUntilIdle()
  expect(stage.machine.run(run).conclusion ?? 'waits').not.toBe('failure')
  const changes = stage[api].requests.filter(isChange)
  expect(changes).toHaveLength(stage[api].mutations)
  const cuts = cutsOf(changes.map(({ path }) => path).slice(mutations), mutations + 1)
  const leaves = await left(stage)
  await theatre.strike()
  return { cuts, leaves }
}

function isChange({ method, path, body }: LoggedRequest): boolean {
  if (method === 'GET') return false
  return path !== '/graphql' || JSON.stringify(body).includes('mutation')
}

interface Cut {
  readonly n: number
  readonly when: 'before' | 'after'
}

/**
 * A run that is cut off before a request leaves what one that is cut off after the request before it
 * leaves, so that only the very last one is cut off on both sides. The page of deployments is left
 * out: nothing is read from it.
 */
function cutsOf(paths: readonly string[], first: number): readonly Cut[] {
  const telling = paths.flatMap((path, index) =>
    /\/repos\/.*\/deployments/u.test(path) ? [] : [first + index]
  )
  const before = telling.map(n => ({ n, when: 'before' }) as const)
  return [...before, ...telling.slice(-1).map(n => ({ n, when: 'after' }) as const)]
}

/** The press is cut off there, as the runner cancels a job, and the button is pressed again. */
async function cutOff(theatre: Theatre, story: Story, api: Api, { n, when }: Cut): Promise<object> {
  const stage = await raiseStage(theatre, { definition: story.definition })
  await story.prepare(stage)
  stage[api].freezeAt(n, when)
  await story.press(stage)
  await stage[api].frozen
  const { runs } = stage.machine
  for (const { id, status } of runs) if (status === 'in_progress') stage.machine.cancel(id)
  await stage.machine.runUntilIdle()
  expect(runs.filter(({ conclusion }) => conclusion === 'cancelled')).not.toEqual([])
  const { press, again = press } = story
  const run = await again(stage)
  await stage.machine.runUntilIdle()
  expect(stage.machine.run(run).conclusion ?? 'waits').not.toBe('failure')
  const left = await story.left(stage)
  await theatre.strike()
  return left
}

/** Cuts the press off at every change that it makes there: begun again, it comes to the same. */
export async function expectToConverge(theatre: Theatre, story: Story, api: Api): Promise<void> {
  const { cuts, leaves } = await undisturbed(theatre, story, api)
  expect(cuts).not.toEqual([])
  for (const cut of cuts) {
    expect({ cut, leaves: await cutOff(theatre, story, api, cut) }).toEqual({ cut, leaves })
  }
}
