import { afterEach, describe, expect, test } from '@jest/globals'
import type { Fault } from '../../src/rehearsal/http/faults.ts'
import { startVercelWorld, type VercelWorld, type VercelWorldOptions } from './world.ts'

let world: VercelWorld
afterEach(async () => {
  expect(world.simulator.violations).toEqual([])
  await world.close()
})

async function start(simulator: VercelWorldOptions['simulator'] = {}): Promise<VercelWorld> {
  world = await startVercelWorld({ simulator })
  return world
}

const comment = 'assignment-pipeline-v3#1'
const write = (target: string, flags: Record<string, string | null>) =>
  world.flags.write({ target, flags, comment })
const mutations = () =>
  world.simulator.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method)
const onEnv = /\/env$/u

describe('what is stored', () => {
  test('T6: a new flag is encrypted, not sensitive, and says which rollout owns it', async () => {
    const { simulator } = await start()
    await write('production', { SHADOW: 'true' })
    expect(simulator.envRecords()).toMatchObject([
      { key: 'SHADOW', value: 'true', type: 'encrypted', target: ['production'], comment }
    ])
  })

  test('T7: an existing flag is changed in place, never created again', async () => {
    const { simulator } = await start({ flags: { preview: { SHADOW: 'false' } } })
    await write('preview', { SHADOW: 'true' })
    expect(mutations()).toEqual(['PATCH'])
    expect(simulator.envRecords()).toMatchObject([{ value: 'true', comment }])
  })

  test('T1: preview flags are written by REST, without any command line', async () => {
    const { again, simulator } = await start()
    const cli = async () => {
      throw new Error('the CLI was run')
    }
    await again({ cli }).flags.write({ target: 'preview', flags: { SHADOW: 'true' }, comment })
    expect(simulator.valueOf('preview', 'SHADOW')).toBe('true')
  })

  test('records whose target is a text instead of a list are understood', async () => {
    const { simulator } = await start({ flags: { preview: { SHADOW: 'false' } } })
    simulator.switches.targetAsString = true
    await write('preview', { SHADOW: 'true' })
    expect(mutations()).toEqual(['PATCH'])
  })

  test('a custom environment has flags of its own', async () => {
    const { simulator } = await start({
      flags: { preview: { SHADOW: 'false' } },
      customEnvironments: [{ id: 'env_staging', slug: 'staging' }]
    })
    await write('staging', { SHADOW: 'true' })
    expect(simulator.valueOf('staging', 'SHADOW')).toBe('true')
    expect(simulator.valueOf('preview', 'SHADOW')).toBe('false')
    await write('staging', { SHADOW: null })
    expect(simulator.valueOf('staging', 'SHADOW')).toBeUndefined()
  })

  test('an environment that the project does not have is refused by name', async () => {
    await start({ customEnvironments: [{ id: 'env_staging', slug: 'staging' }] })
    await expect(write('stagign', { SHADOW: 'true' })).rejects.toMatchObject({
      name: 'InputError',
      code: 'unknown_target',
      remedy: expect.stringContaining('staging')
    })
  })
})

describe('obstacles', () => {
  test('a variable of an integration, or of Vercel itself, is refused', async () => {
    const { simulator } = await start()
    simulator.plantRecord({ key: 'F', value: 'x', target: ['preview'], configurationId: 'icfg_1' })
    simulator.plantRecord({ key: 'G', value: 'x', target: ['preview'], system: true })
    const { obstacles } = await world.flags.read('preview', ['F', 'G'])
    expect(obstacles).toMatchObject([
      { code: 'foreign_owner', flag: 'F' },
      { code: 'foreign_owner', flag: 'G' }
    ])
    await expect(write('preview', { F: 'true' })).rejects.toMatchObject({ code: 'flag_obstacle' })
  })

  test('two general records for one flag are refused', async () => {
    const { simulator } = await start()
    simulator.plantRecord({ key: 'F', value: 'x', target: ['preview'] })
    simulator.plantRecord({ key: 'F', value: 'y', target: ['preview', 'production'] })
    await expect(write('preview', { F: 'true' })).rejects.toMatchObject({
      code: 'flag_obstacle',
      message: expect.stringContaining('2 records')
    })
    expect(mutations()).toEqual([])
  })

  test('production records that the token may not see stand in the way of an absent flag only', async () => {
    const { simulator } = await start({ flags: { production: { SEEN: 'false' } } })
    simulator.switches.hiddenProductionEnvCount = 2
    await write('production', { SEEN: 'true' })
    await expect(write('production', { SEEN: 'true', NEW: 'true' })).rejects.toMatchObject({
      code: 'flag_obstacle',
      message: expect.stringContaining('NEW')
    })
    expect((await world.flags.read('preview', ['NEW'])).obstacles).toEqual([])
  })

  test('one flag that cannot be written keeps no other from being put back', async () => {
    const { simulator } = await start({ flags: { preview: { SHADOW: 'true', BOTH: 'true' } } })
    simulator.plantRecord({ key: 'TWICE', value: 'x', target: ['preview'] })
    simulator.plantRecord({ key: 'TWICE', value: 'y', target: ['preview', 'production'] })
    simulator.plantRecord({ key: 'OWNED', value: 'x', target: ['preview'], system: true })
    simulator.addBranchOverride('BOTH', 'true', 'feat/x')
    const flags = { TWICE: 'false', OWNED: 'false', BOTH: 'false', SHADOW: 'false' }
    const reading = await world.flags.write({
      target: 'preview',
      flags,
      comment,
      obstructed: 'skip'
    })
    expect(reading.obstacles.map(({ code, flag }) => `${flag} ${code}`)).toEqual([
      'TWICE duplicate_record',
      'OWNED foreign_owner',
      'BOTH branch_override'
    ])
    expect(simulator.valueOf('preview', 'SHADOW')).toBe('false')
    expect(simulator.valueOf('preview', 'BOTH')).toBe('false')
    const left = simulator.envRecords().filter(({ key }) => key === 'TWICE' || key === 'OWNED')
    expect(left.map(({ value }) => value)).toEqual(['x', 'y', 'x'])
  })

  test('a flag that becomes sensitive as it is written is told, and the others are proven', async () => {
    const { simulator } = await start({ flags: { preview: { SHADOW: 'true' } } })
    simulator.switches.forceSensitive = true
    const flags = { NEW: 'false', SHADOW: 'false' }
    const reading = await world.flags.write({
      target: 'preview',
      flags,
      comment,
      obstructed: 'skip'
    })
    expect(reading.obstacles).toMatchObject([{ code: 'sensitive', flag: 'NEW' }])
    expect(reading.flags['SHADOW']).toMatchObject({ kind: 'set', value: 'false' })
  })

  test('an override on a branch is no obstacle for production', async () => {
    const { simulator } = await start()
    simulator.addBranchOverride('F', 'x', 'feat/x')
    await write('production', { F: 'true' })
    expect(simulator.valueOf('production', 'F')).toBe('true')
  })
})

describe('answers that cannot be trusted', () => {
  const faults: readonly (readonly [string, Omit<Fault, 'path'>])[] = [
    ['500 before the effect', { effect: { kind: 'answer', status: 500 } }],
    ['500 after the effect', { when: 'after', effect: { kind: 'answer', status: 500 } }],
    ['429', { effect: { kind: 'answer', status: 429, headers: { 'retry-after': '7' } } }],
    ['a connection dropped before the effect', { effect: { kind: 'drop' } }],
    ['a connection dropped after the effect', { when: 'after', effect: { kind: 'drop' } }],
    ['a body that is no JSON', { when: 'after', effect: { kind: 'garble' } }]
  ]

  test.each(faults)('%s on POST ends in the wanted state', async (_, fault) => {
    const { simulator } = await start()
    simulator.faults.inject({ method: 'POST', path: onEnv, ...fault })
    const { flags } = await write('preview', { SHADOW: 'true' })
    expect(flags['SHADOW']).toMatchObject({ kind: 'set', value: 'true' })
    expect(simulator.envRecords()).toHaveLength(1)
  })

  test.each(faults)('%s on PATCH of a split leaves the other target alone', async (_, fault) => {
    const { simulator } = await start()
    simulator.plantRecord({ key: 'F', value: 'false', target: ['production', 'preview'] })
    simulator.faults.inject({ method: 'PATCH', path: /\/env\//u, ...fault })
    await write('preview', { F: 'true' })
    expect(simulator.valueOf('preview', 'F')).toBe('true')
    expect(simulator.valueOf('production', 'F')).toBe('false')
  })

  test.each(faults)('%s on DELETE ends with the flag absent', async (_, fault) => {
    const { simulator } = await start({ flags: { preview: { F: 'true' } } })
    simulator.faults.inject({ method: 'DELETE', path: /\/env\//u, ...fault })
    await write('preview', { F: null })
    expect(simulator.envRecords()).toEqual([])
  })

  test('a provider that keeps failing is given up with its own words', async () => {
    const { simulator } = await start()
    const effect = { kind: 'answer', status: 503 } as const
    simulator.faults.inject({ method: 'POST', path: onEnv, times: 99, effect })
    await expect(write('preview', { SHADOW: 'true' })).rejects.toMatchObject({
      name: 'ProviderError',
      code: 'vercel_unavailable',
      message: expect.stringContaining('POST /v10/projects/prj_1/env: HTTP 503')
    })
    expect(mutations()).toHaveLength(3)
  })

  test('403 ends at once', async () => {
    const { simulator } = await start()
    const body = { error: { code: 'forbidden', message: 'No access to true' } }
    simulator.faults.inject({
      method: 'POST',
      path: onEnv,
      effect: { kind: 'answer', status: 403, body }
    })
    await expect(write('preview', { SHADOW: 'true' })).rejects.toMatchObject({
      code: 'vercel_forbidden',
      message: expect.stringContaining('No access to …')
    })
    expect(mutations()).toEqual(['POST'])
  })

  test('T13: a 201 that lists the flag under failed is an error', async () => {
    const { simulator } = await start()
    const error = { code: 'MAX_ENVS_EXCEEDED', message: 'Too many variables', value: 'true' }
    const body = { created: null, failed: [{ error }] }
    simulator.faults.inject({
      method: 'POST',
      path: onEnv,
      effect: { kind: 'answer', status: 201, body }
    })
    await expect(write('preview', { SHADOW: 'true' })).rejects.toMatchObject({
      code: 'flag_refused',
      message: 'Vercel did not store SHADOW on preview: MAX_ENVS_EXCEEDED, Too many variables'
    })
  })

  test('a 201 without an effect is found out by reading back', async () => {
    const { simulator } = await start()
    const body = { created: {}, failed: [] }
    simulator.faults.inject({
      method: 'POST',
      path: onEnv,
      effect: { kind: 'answer', status: 201, body }
    })
    await expect(write('preview', { SHADOW: 'true' })).rejects.toMatchObject({
      code: 'flag_readback',
      message: expect.stringContaining('SHADOW')
    })
  })

  test('T6: a team that stores every variable as sensitive is found out by reading back', async () => {
    const { simulator } = await start()
    simulator.switches.forceSensitive = true
    await expect(write('preview', { SHADOW: 'true' })).rejects.toMatchObject({
      code: 'flag_readback'
    })
  })

  test('somebody who creates the flag in between is answered by changing it', async () => {
    const { simulator, again } = await start()
    let raced = false
    const racing: typeof fetch = (input, init) => {
      if (init?.method === 'POST' && !raced) {
        raced = true
        simulator.setFlagByHand('preview', 'SHADOW', 'false')
      }
      return fetch(input, init)
    }
    const { flags } = again({ fetch: racing })
    await flags.write({ target: 'preview', flags: { SHADOW: 'true' }, comment })
    expect(mutations()).toEqual(['POST', 'PATCH'])
    expect(simulator.valueOf('preview', 'SHADOW')).toBe('true')
  })
})

test('no message and no line of the log holds a value', async () => {
  const { simulator, lines } = await start()
  const value = 'value-that-must-not-leak'
  const refused = { error: { code: 'BAD_REQUEST', message: `The value ${value} is bad` } }
  simulator.faults.inject({
    method: 'PATCH',
    path: /env/u,
    effect: { kind: 'answer', status: 400, body: refused }
  })
  await write('preview', { SHADOW: value })
  const error = await write('preview', { SHADOW: `${value}-2` }).catch(e => e)
  expect(error).toMatchObject({ code: 'vercel_refused' })
  expect(`${error.message} ${error.remedy} ${error.cause} ${lines.join()}`).not.toContain(value)
})
