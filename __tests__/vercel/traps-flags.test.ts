import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { phaseMark } from '../../src/rollout/flag-owner.ts'
import { vercelByHand } from './cli-by-hand.ts'
import { CLI_VERSION } from './cli-under-test.ts'
import { startVercelWorld, type VercelWorld } from './world.ts'

// Runs of the real CLI: below a second each, several on a busy machine.
jest.setTimeout(60_000)

let world: VercelWorld
beforeEach(async () => {
  world = await startVercelWorld({ cli: 'real' })
})
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

const comment = phaseMark('assignment-pipeline-v3#1', 'staging-shadow')
const vercel = (args: readonly string[], input?: string) => vercelByHand(world, args, input)
const write = (flags: Readonly<Record<string, string | null>>, target = 'preview') =>
  world.flags.write({ target, flags, comment })
const changes = () => world.simulator.requests.filter(({ method }) => method !== 'GET')
const recordsOf = (flag: string) => world.simulator.envRecords().filter(({ key }) => key === flag)

describe(`what vercel ${CLI_VERSION} does to flags, and what Rollgate does`, () => {
  test.each([
    ['the value on standard input', ['env', 'add', 'F', 'preview'], 'true\n'],
    ['the value as an argument', ['env', 'add', 'F', 'preview', '--value', 'true'], '']
  ])(
    'T1: env add with %s asks for a branch, sends nothing and exits 0; Rollgate sets the flag',
    async (_, args, input) => {
      const { exitCode } = await vercel(args, input)
      expect(exitCode).toBe(0)
      expect(changes()).toEqual([])
      await write({ F: 'true' })
      expect(world.simulator.valueOf('preview', 'F')).toBe('true')
    }
  )

  test.each([
    ['--yes and standard input', ['--yes'], 'true\n'],
    ['--yes and --value', ['--yes', '--value', 'true'], ''],
    ['--non-interactive', ['--non-interactive'], 'true\n']
  ])(
    'T2: env add with %s exits 0 whatever it did; Rollgate reads back what it set',
    async (_, more, input) => {
      const { exitCode } = await vercel(['env', 'add', 'F', 'preview', ...more], input)
      expect(exitCode).toBe(0)
      // Whether the CLI has set it depends on its version; a `sensitive` one can be set by nobody else.
      const { obstacles } = await world.flags.read('preview', ['F'])
      if (obstacles.length > 0) {
        await expect(write({ F: 'true' })).rejects.toMatchObject({ code: 'flag_obstacle' })
        await vercel(['env', 'rm', 'F', 'preview', '--yes', '--non-interactive'])
      }
      const { flags } = await write({ F: 'true' })
      expect(flags['F']).toMatchObject({ kind: 'set', value: 'true' })
    }
  )

  test('T3: env rm that cannot ask exits 0 and removes nothing; Rollgate removes the flag', async () => {
    const { simulator } = world
    simulator.setFlagByHand('preview', 'F', 'true')
    const { exitCode } = await vercel(['env', 'rm', 'F', 'preview'])
    expect(exitCode).toBe(0)
    expect(simulator.valueOf('preview', 'F')).toBe('true')
    await write({ F: null })
    expect(recordsOf('F')).toEqual([])
  })

  test('T3: env rm and a branch override: neither goes, exit 0; Rollgate says what to remove', async () => {
    const { simulator } = world
    simulator.setFlagByHand('preview', 'F', 'true')
    simulator.addBranchOverride('F', 'x', 'feat/x')
    const { exitCode } = await vercel(['env', 'rm', 'F', 'preview', '--yes'])
    expect(exitCode).toBe(0)
    expect(recordsOf('F')).toHaveLength(2)
    await expect(write({ F: null })).rejects.toMatchObject({
      code: 'flag_obstacle',
      remedy: 'Remove it: vercel env rm F preview feat/x'
    })
  })

  test('T5: env add cuts a long value off at 64 KiB and exits 0; Rollgate stores all of it', async () => {
    const { simulator } = world
    const value = 'x'.repeat(200_000)
    const add = ['env', 'add', 'CUT', 'production', '--yes', '--type', 'config']
    const { exitCode } = await vercel(add, value)
    expect(exitCode).toBe(0)
    expect(simulator.valueOf('production', 'CUT')?.length).toBeLessThan(value.length)
    await write({ WHOLE: value }, 'production')
    expect(simulator.valueOf('production', 'WHOLE')).toBe(value)
  })

  test('T6: env add makes a variable that nobody can read back; Rollgate makes a readable one', async () => {
    await vercel(['env', 'add', 'SEALED', 'preview', '--yes', '--non-interactive'], 'true\n')
    expect(recordsOf('SEALED')).toMatchObject([{ type: 'sensitive' }])
    await expect(write({ SEALED: 'true' })).rejects.toMatchObject({
      code: 'flag_obstacle',
      message:
        'No flag was written: The value of SEALED on preview cannot be read, so neither verified nor restored'
    })
    const { flags } = await write({ OPEN: 'true' })
    expect(recordsOf('OPEN')).toMatchObject([{ type: 'encrypted', comment }])
    expect(flags['OPEN']).toMatchObject({ kind: 'set', value: 'true' })
  })

  test('T6: a team that makes every variable sensitive is found out, and nothing is left behind', async () => {
    world.simulator.switches.forceSensitive = true
    world.simulator.setFlagByHand('preview', 'OLD', 'false')
    await expect(write({ NEW: 'true', OLD: 'true' })).rejects.toMatchObject({
      code: 'flag_readback',
      message: expect.stringMatching(
        /NEW on preview cannot be read.*Nothing is changed on preview$/u
      )
    })
    expect(recordsOf('NEW')).toEqual([])
    expect(world.simulator.valueOf('preview', 'OLD')).toBe('false')
  })

  test('T7: env add fails on a variable that exists; Rollgate changes it', async () => {
    const { simulator } = world
    simulator.setFlagByHand('preview', 'F', 'false')
    const add = ['env', 'add', 'F', 'preview', '--yes', '--non-interactive', '--type', 'config']
    const { exitCode } = await vercel(add, 'true\n')
    expect(exitCode).toBe(1)
    expect(simulator.valueOf('preview', 'F')).toBe('false')
    await write({ F: 'true' })
    expect(simulator.valueOf('preview', 'F')).toBe('true')
  })

  test.each(['partial', 'refuse'] as const)(
    'T7: a variable that exists and is not shown is named as such, and nothing is changed (%s)',
    async batchConflict => {
      const { simulator, again } = world
      simulator.switches.batchConflict = batchConflict
      simulator.plantRecord({ key: 'HIDDEN', value: 'x', target: ['production'] })
      const blind: typeof fetch = async (input, init) => {
        const response = await fetch(input, init)
        if (!/\/env\?/u.test(`${input}`) || init?.method !== 'GET') return response
        const { envs, ...rest } = Object(await response.json())
        const shown = envs?.filter(({ key }: { readonly key: string }) => key !== 'HIDDEN')
        return Response.json({ ...rest, ...(shown ? { envs: shown } : {}) })
      }
      const change = { target: 'production', flags: { HIDDEN: 'true', NEW: 'true' }, comment }
      await expect(again({ fetch: blind }).flags.write(change)).rejects.toMatchObject({
        code: 'flag_obstacle',
        message:
          'Vercel says that HIDDEN exists on production already, but does not show it to this token. Nothing is changed on production',
        remedy: expect.stringContaining('a member who may read the production variables')
      })
      expect(simulator.envRecords()).toMatchObject([{ key: 'HIDDEN', value: 'x' }])
    }
  )

  test('T8: env update changes every target of a shared record; Rollgate only the one it is told', async () => {
    const { simulator } = world
    const shared = ['production', 'preview']
    simulator.plantRecord({ key: 'CLI', value: 'false', target: shared })
    await vercel([
      'env',
      'update',
      'CLI',
      'preview',
      '--yes',
      '--value',
      'true',
      '--non-interactive'
    ])
    expect(simulator.valueOf('production', 'CLI')).toBe('true')
    simulator.plantRecord({ key: 'F', value: 'false', target: shared })
    await write({ F: 'true' })
    expect(simulator.valueOf('preview', 'F')).toBe('true')
    expect(simulator.valueOf('production', 'F')).toBe('false')
  })

  test('T8: production never sees another value while a shared record is separated', async () => {
    const { simulator, again } = world
    simulator.plantRecord({ key: 'F', value: 'false', target: ['production', 'preview'] })
    const seen = new Set<string | undefined>()
    const watching: typeof fetch = async (input, init) => {
      seen.add(simulator.valueOf('production', 'F'))
      const response = await fetch(input, init)
      seen.add(simulator.valueOf('production', 'F'))
      return response
    }
    const { flags } = again({ fetch: watching })
    await flags.write({ target: 'preview', flags: { F: 'true' }, comment })
    expect([...seen]).toEqual(['false'])
  })

  test('T13: env add believes a 201 that stored nothing; Rollgate names the flag and takes the rest back', async () => {
    const { simulator } = world
    simulator.weather.nextEnvFailed = 'Try later'
    const add = ['env', 'add', 'F', 'preview', '--yes', '--non-interactive', '--type', 'config']
    const { exitCode, stderr } = await vercel(add, 'true\n')
    expect(exitCode).toBe(0)
    expect(stderr).toContain('Added')
    expect(recordsOf('F')).toEqual([])
    simulator.weather.nextEnvFailed = 'Try later'
    await expect(write({ F: 'true', G: 'true' })).rejects.toMatchObject({
      code: 'flag_refused',
      message:
        'Vercel did not store F on preview: UNKNOWN_ERROR, Try later. Nothing is changed on preview'
    })
    expect(simulator.envRecords()).toEqual([])
  })
})
