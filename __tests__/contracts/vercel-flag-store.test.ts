import { expect } from '@jest/globals'
import { startVercelWorld } from '../vercel/world.ts'
import { describeFlagStore } from './flag-store.ts'

const staging = { id: 'env_staging', slug: 'staging' }
const placesOf = (targets: readonly string[]) => ({
  target: targets.filter(target => target !== staging.slug),
  customEnvironmentIds: targets.includes(staging.slug) ? [staging.id] : []
})

describeFlagStore('Vercel environment variables', async () => {
  const { flags, simulator, close } = await startVercelWorld({
    simulator: { customEnvironments: [staging] }
  })
  return {
    flags,
    valueOf: simulator.valueOf,
    setByHand: simulator.setFlagByHand,
    share: (targets, key, value) => {
      simulator.plantRecord({ key, value, ...placesOf(targets) })
    },
    overrideOnBranch: (key, value) => {
      simulator.addBranchOverride(key, value, 'feat/x')
    },
    makeUnreadable: (target, key) => {
      simulator.plantRecord({ key, value: 'x', target: [target], type: 'sensitive' })
    },
    shareWithTeam: (target, key, value) => {
      simulator.shareByHand({ key, value, ...placesOf([target]) })
    },
    commentOf: (target, flag) =>
      simulator
        .envRecords()
        .find(({ key, target: targets }) => key === flag && targets.includes(target))?.comment,
    refuse: flag => {
      const error = { code: 'BAD_REQUEST', message: 'Not this one' }
      const effect = { kind: 'answer', status: 400, body: { error } } as const
      simulator.faults.inject({
        path: /\/env/u,
        body: new RegExp(`"${flag}"`, 'u'),
        times: 99,
        effect
      })
    },
    writes: () => simulator.mutations,
    close: async () => {
      expect(simulator.violations).toEqual([])
      await close()
    }
  }
})
