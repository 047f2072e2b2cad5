import { type FlagsCase, openFlags, VALUES } from './flags.ts'
import { testMatrix } from './matrix.ts'

const { before, wanted, elsewhere } = VALUES
const noted = { value: before, comment: 'by ann' }
const names = ['ONE', 'TWO', 'THREE']
const all = (value: string | null) => Object.fromEntries(names.map(name => [name, value]))

const CASES: Readonly<Record<string, FlagsCase>> = {
  'flags: create three': {
    target: 'production',
    flags: all(wanted),
    furnish: () => undefined
  },
  'flags: edit three': {
    target: 'preview',
    flags: all(wanted),
    furnish: simulator => {
      simulator.plantRecord({ key: 'ONE', target: ['preview'], type: 'plain', ...noted })
      for (const name of names) {
        simulator.setFlagByHand('preview', name, before)
        simulator.setFlagByHand('production', name, elsewhere)
      }
    }
  },
  'flags: split two': {
    target: 'production',
    flags: { ONE: wanted, TWO: null },
    furnish: simulator => {
      for (const key of ['ONE', 'TWO'])
        simulator.plantRecord({ key, target: ['production', 'preview'], ...noted })
    }
  },
  'flags: delete two': {
    target: 'production',
    flags: { ONE: null, TWO: null },
    furnish: simulator => {
      simulator.plantRecord({ key: 'ONE', target: ['production'], ...noted })
      simulator.setFlagByHand('production', 'TWO', before)
    }
  },
  'flags: a custom environment': {
    target: 'staging',
    flags: { ONE: wanted, TWO: wanted, THREE: null },
    options: { customEnvironments: [{ id: 'env_staging', slug: 'staging' }] },
    furnish: simulator => {
      simulator.setFlagByHand('staging', 'ONE', before)
      simulator.setFlagByHand('staging', 'THREE', before)
      simulator.setFlagByHand('preview', 'ONE', elsewhere)
    }
  }
}

for (const [name, flags] of Object.entries(CASES)) {
  await testMatrix({ name, open: () => openFlags(flags) })
}
