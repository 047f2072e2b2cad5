import { notDone } from '../report/announcement.ts'
import { renderCleanUp, renderProposal } from '../report/graduation.ts'
import { type Graduation, type Phase, parametersOf, phaseNamed } from '../rollout/definition.ts'
import { setEnvExample } from '../rollout/env-example.ts'
import type { EventBody, LookBody } from '../rollout/events.ts'
import { GRADUATION_FOLDER } from '../rollout/evidence-folder.ts'
import { finalFlags, graduationDue } from '../rollout/graduation.ts'
import { graduationLook, graduationSince } from '../rollout/graduation-look.ts'
import { checkDefinition } from '../rollout/integrity.ts'
import type { LedgerFile } from '../rollout/ports.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import { rolloutId } from '../rollout/rollout-id.ts'
import type { Sight } from '../rollout/sight.ts'
import { acceptableSince, currentPhase, type PhaseState, type State } from '../rollout/state.ts'
import { show } from './board.ts'
import { inspect, recordedLook, see } from './look.ts'
import { readState, record } from './record.ts'
import { releaseFlags } from './release-flags.ts'
import type { World } from './world.ts'

export interface Graduated {
  readonly state: State
  /** The look that it was graduated on; absent when it was graduated already. */
  readonly look?: LookBody
}

/**
 * Ends a promoted rollout after its time: judges the time since the promotion once more, files the
 * clean-up, proposes the final flag values as defaults, gives the flags up, and records all of it at once.
 * Cut off anywhere and run again, it ends with one graduation, one issue and one proposal.
 * @throws InputError (`not_graduated`, `graduation_early`) when it is not ready, and nothing was filed;
 * ProviderError; EvidenceError
 */
export async function graduate(world: World, wokenBy: string): Promise<Graduated> {
  const state = await readState(world)
  if (state.status === 'graduated') return { state }
  const ending = requireReady(world, state)
  const seen = await lookBack(world, state, ending, wokenBy).catch(error =>
    refuse(world, state, error)
  )
  const { look } = seen
  const issue = await fileCleanUp(world, state, look)
  const proposal = await propose(world, state, ending.graduation)
  await releaseFlags(world, idOf(state))
  const { url } = proposal
  const recorded = await record(world, current => {
    if (current.status !== 'promoted') return undefined
    const { at: _stampedLater, ...body } = look
    const end: EventBody = {
      kind: 'graduated',
      message: proposal.note,
      ...(issue === undefined ? {} : { issue }),
      ...(url === undefined ? {} : { proposal: url })
    }
    const message = `${idOf(current)}: graduated`
    return { message, events: [body, end], files: seen.files }
  })
  if (recorded.events.length > 0) await tell(world, recorded.state, look)
  return { state: recorded.state, look }
}

/** It is mostly tried by itself, and then nobody would hear that it did not come about. */
async function refuse(world: World, state: State, error: unknown): Promise<never> {
  if (error instanceof InputError) {
    const { message: why, remedy } = error
    const told = notDone(world.definition, state, { what: 'does not graduate', why, remedy })
    await world.announcer.announce(told)
  }
  throw error
}

interface Ending {
  readonly graduation: Graduation
  readonly phase: Phase
  readonly current: PhaseState
}

function requireReady({ definition, clock }: World, state: State): Ending {
  const { graduation } = definition
  if (graduation === undefined) {
    throw notGraduated(
      `${definition.name} has no graduation.`,
      'Write one into the definition, or leave it at that: nothing is left to do.'
    )
  }
  const current = currentPhase(state)
  const phase = phaseNamed(definition, current?.name ?? '')
  if (state.status !== 'promoted' || current === undefined || phase === undefined) {
    throw notGraduated(
      `Only a rollout whose every phase is promoted graduates; this one is ${state.status}.`,
      'Look at its status.'
    )
  }
  const { due, dueMs } = graduationDue(definition, state, clock.now())
  if (due) return { graduation, phase, current }
  const when = dueMs === undefined ? 'later' : `at ${new Date(dueMs).toISOString()}`
  throw new InputError(
    'graduation_early',
    `${idOf(state)} can graduate ${when}, not before.`,
    'Wait until then; what serves is looked at meanwhile.'
  )
}

function notGraduated(message: string, remedy: string): InputError {
  return new InputError('not_graduated', message, remedy)
}

interface LookedBack {
  readonly look: LookBody
  readonly files: readonly LedgerFile[]
}

/** The whole time since the promotion in one look, and the world as it should be left. */
async function lookBack(
  world: World,
  state: State,
  { phase, current, graduation }: Ending,
  wokenBy: string
): Promise<LookedBack> {
  const { definition, clock } = world
  const { target, flags } = phase
  const criteria = definition.criteria[phase.criteria] ?? []
  const sight = await see(world, criteria, { target, since: graduationSince(current) })
  const nowMs = clock.now()
  const made = current.deployment ?? { id: '', url: '' }
  const deployment = current.intent === undefined ? made : { ...made, intent: current.intent.id }
  const expected = { target, flags, deployment, since: acceptableSince(current) }
  const integrity = [
    ...checkDefinition(state.digest, definition.digest),
    ...(await inspect(world, expected, sight)).integrity
  ]
  const at = new Date(clock.now()).toISOString()
  const seen = { sight, nowMs, integrity, at, wokenBy }
  const back = graduationLook({ definition, graduation, phase, current, ...seen })
  if (back.obstacles.length > 0) {
    throw notGraduated(
      `${idOf(state)} does not graduate: ${back.obstacles.join('; ')}.`,
      'Put right what is named, or wait for more evidence, and graduate it again.'
    )
  }
  const { look, file } = recordedLook(world, back, seen)
  return { look, files: [file, ...(await collect(world, target, sight))] }
}

async function collect(world: World, target: string, sight: Sight): Promise<readonly LedgerFile[]> {
  if (sight.kind === 'blind') return []
  const { since, until } = sight.reading
  const parameters = parametersOf(world.definition, target)
  const files = await world.evidence.collect({ checkpoint: 'graduation', parameters, since, until })
  return files.map(file => ({ ...file, path: `${GRADUATION_FOLDER}/${file.path}` }))
}

async function fileCleanUp(
  world: World,
  state: State,
  look: LookBody
): Promise<string | undefined> {
  const { definition } = world
  const key = `graduation ${idOf(state)}`
  const draft = { key, ...renderCleanUp({ definition, state, look }) }
  return (await world.repository.fileIssue(draft))?.url
}

interface Proposed {
  readonly url: string | undefined
  /** What was proposed, or why nothing was; ends up in the ledger. */
  readonly note: string
}

async function propose(
  world: World,
  state: State,
  { envExample: path }: Graduation
): Promise<Proposed> {
  if (path === undefined) return { url: undefined, note: 'no file holds default values' }
  const text = await world.repository.readFile(path)
  if (text === undefined) {
    return { url: undefined, note: `${path} was not found, so no default values were proposed` }
  }
  const flags = finalFlags(world.definition)
  const content = setEnvExample(text, flags)
  if (content === text) return { url: undefined, note: `${path} has the final values already` }
  const { name } = world.definition
  const change = await world.repository.proposeChange({
    branch: `rollgate/${name}-${state.number}`,
    path,
    content,
    ...renderProposal({ rollout: idOf(state), path, flags })
  })
  return change === undefined
    ? { url: undefined, note: `${path} still has the old values` }
    : { url: change.url, note: `the final values for ${path} are proposed` }
}

async function tell(world: World, state: State, look: LookBody): Promise<void> {
  const rollout = idOf(state)
  const { url } = currentPhase(state)?.deployment ?? {}
  await show(world, { phase: look.phase, state: 'success', says: 'has graduated', url })
  const title = `${rollout} has graduated`
  await world.announcer.announce({ kind: 'graduated', rollout, title, body: look.reason })
}

function idOf({ definition, number }: State): string {
  return rolloutId(definition, number)
}
