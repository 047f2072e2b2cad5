import { expect } from '@jest/globals'
import { startVercelWorld } from '../vercel/world.ts'
import { describeFlagStore } from './flag-store.ts'

describeFlagStore('Vercel environment variables', async () => {
  const { flags, simulator, close } = await startVercelWorld()
  return {
    flags,
    valueOf: simulator.valueOf,
    setByHand: simulator.setFlagByHand,
    share: (target, key, value) => {
      simulator.plantRecord({ key, value, target })
    },
    overrideOnBranch: (key, value) => {
      simulator.addBranchOverride(key, value, 'feat/x')
    },
    makeUnreadable: (target, key) => {
      simulator.plantRecord({ key, value: 'x', target: [target], type: 'sensitive' })
    },
    writes: () => simulator.mutations,
    close: async () => {
      expect(simulator.violations).toEqual([])
      await close()
    }
  }
})
