import { afterEach, describe, expect, test } from '@jest/globals'
import { check } from '../../src/operations/check.ts'
import type { VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { renderSummary } from '../../src/report/summary.ts'
import {
  advance,
  MINUTE_MS,
  type Outside,
  openOutside,
  productionOnly,
  START_MS
} from './outside.ts'

/** Whatever somebody does to flags or deployments behind our back is seen by the next look, and named. */

let outside: Outside
afterEach(() => outside.close())

const woken = { wokenBy: 'cron' }
const SHA = 'a3f1c9d2b8e7460512345678901234567890abcd'

type Target = 'production' | 'preview'

interface Drift {
  readonly what: string
  readonly target: Target
  /** Done while the phase soaks; the deployment of the phase and the one from before it are `own` and `old`. */
  readonly byHand: (simulator: VercelSimulator, own: string, old: string) => unknown
  readonly decision: 'hold' | 'continue'
  /** Codes of the findings beside those that are in order. */
  readonly codes: readonly string[]
  readonly sentence: string
  /** How somebody puts it right by hand, so that the rollout goes on. */
  readonly repair?: (simulator: VercelSimulator, own: string) => unknown
}

const DRIFTS: readonly Drift[] = [
  {
    what: 'a flag changed by hand',
    target: 'production',
    byHand: simulator => simulator.setFlagByHand('production', 'LIMIT', '9'),
    decision: 'hold',
    codes: ['flag_drift'],
    sentence: 'LIMIT is "9", not "4" as it was set',
    repair: simulator => simulator.setFlagByHand('production', 'LIMIT', '4')
  },
  {
    what: 'a flag that was deleted',
    target: 'production',
    byHand: simulator => simulator.setFlagByHand('production', 'FEATURE', null),
    decision: 'hold',
    codes: ['flag_deleted'],
    sentence: 'FEATURE is absent: somebody removed it, and it was set to "true"',
    repair: simulator => simulator.setFlagByHand('production', 'FEATURE', 'true')
  },
  {
    what: 'a flag that was deleted and created again with the same value',
    target: 'production',
    byHand: simulator => {
      simulator.setFlagByHand('production', 'FEATURE', null)
      simulator.setFlagByHand('production', 'FEATURE', 'true')
    },
    decision: 'continue',
    codes: [],
    sentence: 'all flags on production are as they were set'
  },
  {
    what: 'a new value for one branch',
    target: 'preview',
    byHand: simulator => simulator.addBranchOverride('FEATURE', 'false', 'feat/x'),
    decision: 'hold',
    codes: ['branch_override'],
    sentence: 'FEATURE on preview has its own value for the branch feat/x'
  },
  {
    what: 'a second record of the same flag',
    target: 'production',
    byHand: simulator =>
      simulator.plantRecord({ key: 'FEATURE', value: 'false', target: ['production'] }),
    decision: 'hold',
    codes: ['duplicate_record'],
    sentence: 'FEATURE on production has 2 records'
  },
  {
    what: 'an instant rollback in the dashboard',
    target: 'production',
    byHand: (simulator, _own, old) => simulator.rollBackByHand(old),
    decision: 'hold',
    codes: ['rolled_back_by_hand', 'auto_assignment_off'],
    sentence:
      'somebody rolled production back to dpl_1 by hand, so what this phase turned on is off now',
    repair: (simulator, own) => simulator.promoteByHand(own)
  },
  {
    what: 'a promotion of an older deployment in the dashboard',
    target: 'production',
    byHand: (simulator, _own, old) => simulator.promoteByHand(old),
    decision: 'hold',
    codes: ['promoted_by_hand'],
    sentence: 'somebody promoted dpl_1 on production by hand instead of dpl_3',
    repair: (simulator, own) => simulator.promoteByHand(own)
  },
  {
    what: 'a promotion of a newer deployment with the same flags',
    target: 'production',
    byHand: simulator => {
      simulator.switches.autoAssignCustomDomains = false
      const { id } = simulator.deployByHand('production')
      simulator.switches.autoAssignCustomDomains = true
      simulator.promoteByHand(id)
    },
    decision: 'continue',
    codes: ['promoted_by_hand'],
    sentence:
      'somebody promoted dpl_4 on production by hand instead of dpl_3, made after it with the same flags'
  },
  {
    what: 'a newer deployment of other code',
    target: 'production',
    byHand: simulator => simulator.deployCommitByHand('production', SHA),
    decision: 'continue',
    codes: ['code_changed'],
    sentence: `code changed during the soak: production serves the newer deployment dpl_4 of commit ${SHA}`
  },
  {
    what: 'a newer deployment of other code, where nobody may see its flags',
    target: 'production',
    byHand: simulator => {
      simulator.switches.envPull = 'forbidden'
      simulator.deployByHand('production')
    },
    decision: 'continue',
    codes: ['code_changed'],
    sentence: 'production serves the newer deployment dpl_4'
  },
  {
    what: 'a newer deployment made while a flag was another for a moment',
    target: 'production',
    byHand: simulator => {
      simulator.setFlagByHand('production', 'FEATURE', 'false')
      simulator.deployByHand('production')
      simulator.setFlagByHand('production', 'FEATURE', 'true')
    },
    decision: 'hold',
    codes: ['deployment_flags'],
    sentence:
      'production serves the newer deployment dpl_4, made with FEATURE "false" instead of "true"',
    repair: simulator => simulator.deployByHand('production')
  },
  {
    what: 'a newer deployment on preview made with other flags',
    target: 'preview',
    byHand: simulator => {
      simulator.setFlagByHand('preview', 'LIMIT', '1')
      simulator.deployByHand('preview')
      simulator.setFlagByHand('preview', 'LIMIT', '3')
    },
    decision: 'hold',
    codes: ['deployment_flags'],
    sentence: 'made with LIMIT "1" instead of "3"',
    repair: simulator => simulator.deployByHand('preview')
  },
  {
    what: 'a newer deployment that stays staged after a rollback to the phase by hand',
    target: 'production',
    byHand: (simulator, own) => {
      simulator.deployByHand('production')
      simulator.rollBackByHand(own)
      simulator.deployByHand('production')
    },
    decision: 'continue',
    codes: ['auto_assignment_off', 'deployment_staged'],
    sentence: 'the newer deployment dpl_5 is ready and not served by production'
  },
  {
    what: 'the automatic assignment of domains switched off',
    target: 'production',
    byHand: simulator => {
      simulator.switches.autoAssignCustomDomains = false
    },
    decision: 'continue',
    codes: ['auto_assignment_off'],
    sentence:
      'production does not take up new deployments by itself: the automatic assignment of its domains is switched off in the project'
  },
  {
    what: 'the deployment of the phase deleted, so that an older one is the newest of preview',
    target: 'preview',
    byHand: (simulator, own) => simulator.deleteByHand(own),
    decision: 'hold',
    codes: ['deployment_deleted'],
    sentence: "preview serves dpl_2, not the phase's deployment dpl_3, which was deleted",
    repair: simulator => simulator.deployByHand('preview')
  },
  {
    what: 'every deployment of preview deleted',
    target: 'preview',
    byHand: (simulator, own, old) => {
      simulator.deleteByHand(own)
      simulator.deleteByHand(old)
    },
    decision: 'hold',
    codes: ['deployment_gone'],
    sentence: "preview serves no deployment at all; the phase's own, dpl_3, was deleted",
    repair: simulator => simulator.deployByHand('preview')
  }
]

const IN_ORDER = ['flags', 'deployment', 'clocks']

async function soaking(target: Target): Promise<{ readonly own: string; readonly old: string }> {
  outside = await openOutside(target === 'production' ? { edit: productionOnly } : {})
  const old = outside.simulator.live(target)?.id ?? ''
  await advance(outside)
  return { own: outside.simulator.live(target)?.id ?? '', old }
}

async function lookAt(minutes: number) {
  await outside.clock.advanceTo(START_MS + minutes * MINUTE_MS)
  const { look, state } = await check(outside.process(), woken)
  const found = (look?.integrity ?? []).map(({ code }) => code)
  return { look, state, codes: found.filter(code => !IN_ORDER.includes(code)) }
}

describe('a look during the soak', () => {
  test.each(DRIFTS)('sees $what ($decision: $codes)', async drift => {
    const { simulator } = await soaking(drift.target).then(({ own, old }) => {
      drift.byHand(outside.simulator, own, old)
      return outside
    })
    const { look, state, codes } = await lookAt(20)
    expect({ decision: look?.decision, codes }).toEqual({
      decision: drift.decision,
      codes: drift.codes
    })
    expect(look?.integrity.map(({ message }) => message).join('\n')).toContain(drift.sentence)
    if (drift.decision === 'hold') {
      expect(state.hold).toMatchObject({ cause: 'integrity' })
      expect(outside.people.announcements).toMatchObject([{ kind: 'held' }])
      expect(outside.people.announcements[0]?.body).toContain(drift.sentence)
    } else {
      expect(state.status).toBe('running')
    }
    expect(simulator.violations).toEqual([])
  })

  test.each(DRIFTS.filter(({ repair }) => repair !== undefined))(
    'goes on once $what is put right by hand',
    async drift => {
      const { own, old } = await soaking(drift.target)
      drift.byHand(outside.simulator, own, old)
      expect((await lookAt(20)).state.status).toBe('held')
      drift.repair?.(outside.simulator, own)
      const { state } = await lookAt(40)
      expect(state.status).toBe('running')
    }
  )

  test('says in the report what holds it, beside what is only noted', async () => {
    await soaking('production')
    outside.simulator.rollBackByHand('dpl_1')
    const { look, state } = await lookAt(20)
    const { definition } = outside
    const now = new Date(outside.clock.now()).toISOString()
    const page = renderSummary({ definition, state, now, ...(look ? { look } : {}) })
    expect(page).toContain(
      '**Noted:** production does not take up new deployments by itself: production was rolled back'
    )
    expect(page).toContain('somebody rolled production back to dpl_1 by hand')
    expect(page).toContain('new deployments of production stay staged until one is promoted')
  })

  test('costs one request more only where another deployment serves', async () => {
    await soaking('production')
    const count = () => outside.simulator.requests.filter(({ method }) => method === 'GET').length
    const before = count()
    await lookAt(20)
    const quiet = count() - before
    outside.simulator.deployByHand('production')
    await lookAt(21)
    // The deployment itself, and what it was made with.
    expect(count() - before - quiet).toBe(quiet + 2)
  })
})
