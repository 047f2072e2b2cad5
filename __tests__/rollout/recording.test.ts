import { describe, expect, test } from '@jest/globals'
import type { LookBody, LookEvent } from '../../src/rollout/events.ts'
import { HEARTBEAT_MS, isWorthRecording } from '../../src/rollout/recording.ts'
import type { RolloutStatus } from '../../src/rollout/state.ts'
import { judgement, type LookOptions, look, START, told } from './ledger-story.ts'

const PHASE = 'staging-full'
const FINE = { code: 'flags', ok: true, message: 'as set' }

function lookAt(
  ms: number,
  ...what: Parameters<typeof look> extends [string, ...infer R] ? R : never
): LookBody {
  return { at: new Date(START + ms).toISOString(), ...look(PHASE, ...what) }
}

function recorded(options: LookOptions = {}): LookEvent {
  const [event] = told(look(PHASE, 'continue', options))
  if (event?.kind !== 'look') throw new Error('a look was to be told')
  return event
}

const LATER = HEARTBEAT_MS - 1

describe('a look is worth recording', () => {
  test.each<[string, LookBody, LookEvent | undefined]>([
    ['the first of a phase', lookAt(0, 'continue'), undefined],
    [
      'a checkpoint, though nothing is new',
      lookAt(1, 'continue', { checkpoints: ['T+1h'] }),
      recorded()
    ],
    ['a promotion', lookAt(1, 'promote'), recorded()],
    ['a rollback', lookAt(1, 'rollback'), recorded()],
    ['a new decision', lookAt(1, 'hold'), recorded()],
    ['a new verdict', lookAt(1, 'continue', { verdicts: ['warn'] }), recorded()],
    [
      'an old verdict of one criterion that another had',
      lookAt(1, 'continue', { verdicts: ['warn', 'pass'] }),
      recorded({ verdicts: ['pass', 'warn'] })
    ],
    [
      'a world that drifted',
      lookAt(1, 'continue', { integrity: [{ ...FINE, ok: false }] }),
      recorded({ integrity: [FINE] })
    ],
    [
      'a world of which other things are said',
      lookAt(1, 'continue', { integrity: [{ ...FINE, code: 'code_changed' }] }),
      recorded({ integrity: [FINE] })
    ],
    [
      'another cause of the same verdict, which somebody may accept now that the soak is over',
      lookAt(1, 'continue', { final: true, judgements: [judgement('insufficient', 'a', 'thin')] }),
      recorded({ final: true, judgements: [judgement('insufficient', 'a', 'control_dead')] })
    ],
    ['a sign of life', lookAt(HEARTBEAT_MS, 'continue'), recorded()]
  ])('%s', (_, now, previous) => {
    expect(isWorthRecording(now, previous, 'running')).toBe(true)
  })
})

describe('a look is not worth recording', () => {
  test.each<[string, LookBody, LookEvent]>([
    ['a sentinel that says what the last one said', lookAt(LATER, 'continue'), recorded()],
    [
      'another cause of the same verdict while the phase soaks',
      lookAt(LATER, 'continue', { judgements: [judgement('warn', 'a', 'tail_short')] }),
      recorded({ judgements: [judgement('warn', 'a', 'short_of_pass')] })
    ],
    [
      'another kind of pass',
      lookAt(LATER, 'continue', { final: true, judgements: [judgement('pass', 'a', 'proven')] }),
      recorded({ final: true, judgements: [judgement('pass', 'a', 'adequate')] })
    ],
    ['the same in other words', lookAt(LATER, 'continue', { reason: 'still fine' }), recorded()],
    [
      'the same world in other words',
      lookAt(LATER, 'continue', { integrity: [{ ...FINE, message: 'fine' }] }),
      recorded({ integrity: [FINE] })
    ]
  ])('%s', (_, now, previous) => {
    expect(isWorthRecording(now, previous, 'running')).toBe(false)
  })
})

describe('a hold that every look confirms', () => {
  const [first] = told(look(PHASE, 'hold')).filter(event => event.kind === 'look')

  test.each<RolloutStatus>(['held', 'promoted'])('is recorded once while %s', status => {
    expect(isWorthRecording(lookAt(LATER, 'hold'), first, status)).toBe(false)
  })

  test('is recorded anew when somebody had ended it', () => {
    expect(isWorthRecording(lookAt(LATER, 'hold'), first, 'running')).toBe(true)
  })
})
