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
      message:
        'Vercel did not store SHADOW on preview: MAX_ENVS_EXCEEDED, Too many variables. Nothing is changed on preview'
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

describe('a change that fails', () => {
  const refuse = { code: 'KEY_RESERVED', message: 'Not this one' }
  const status = (code: number, error?: object) =>
    ({ kind: 'answer', status: code, ...(error ? { body: { error } } : {}) }) as const

  test('and cannot be taken back names every flag, how it was and what to do by hand', async () => {
    const { simulator } = await start({ flags: { preview: { OLD: 'false' } } })
    simulator.plantRecord({ key: 'BOTH', value: 'false', target: ['production', 'preview'] })
    const effect = status(400, refuse)
    simulator.faults.inject({ method: 'POST', path: onEnv, body: /"BAD"/u, times: 99, effect })
    simulator.faults.inject({
      method: 'PATCH',
      path: /env_1/u,
      body: /true/u,
      effect: { kind: 'delay', ms: 0 }
    })
    simulator.faults.inject({ method: 'PATCH', path: /env_1/u, times: 99, effect: status(403) })
    simulator.faults.inject({
      method: 'PATCH',
      path: /env_2/u,
      body: /"production"\]/u,
      effect: { kind: 'delay', ms: 0 }
    })
    simulator.faults.inject({ method: 'PATCH', path: /env_2/u, times: 99, effect: status(403) })
    await expect(write('preview', { OLD: 'true', BOTH: 'true', BAD: 'x' })).rejects.toMatchObject({
      code: 'flags_half_written',
      message:
        'Vercel did not accept POST /v10/projects/prj_1/env: HTTP 400, KEY_RESERVED, Not this one. These flags of preview may not be as they were: OLD had another value; BOTH was one record with production',
      remedy:
        "Run the same operation again, or put them back in the project's settings: set OLD on preview to the value it had before; remove BOTH from preview and add preview to its record for production."
    })
  })

  test('and is followed by silence names every flag that was tried', async () => {
    const { simulator } = await start({ flags: { preview: { OLD: 'false' } } })
    const silent = { path: /env/u, times: 99, effect: status(503) } as const
    simulator.faults.inject({ method: 'PATCH', path: /env/u, effect: status(400, refuse) })
    simulator.faults.inject({
      method: 'GET',
      path: /env/u,
      times: 3,
      effect: { kind: 'delay', ms: 0 }
    })
    simulator.faults.inject(silent)
    await expect(write('preview', { OLD: 'true' })).rejects.toMatchObject({
      code: 'flags_half_written',
      message: expect.stringContaining('OLD had another value')
    })
  })

  test('in a part of a rollback leaves what is written, and names the flag', async () => {
    const { simulator } = await start({ flags: { preview: { A: 'true', B: 'true' } } })
    const effect = status(400, refuse)
    simulator.faults.inject({ method: 'PATCH', path: /env_1/u, times: 99, effect })
    const flags = { A: 'false', B: 'false' }
    await expect(
      world.flags.write({ target: 'preview', flags, comment, obstructed: 'skip' })
    ).rejects.toMatchObject({
      code: 'vercel_refused',
      message: expect.stringMatching(
        /^A on preview could not be written, every other flag was: .*KEY_RESERVED/u
      )
    })
    expect(simulator.valueOf('preview', 'B')).toBe('false')
    expect(mutations()).toEqual(['PATCH', 'PATCH'])
  })

  test('because another target lost its value is taken back', async () => {
    const { simulator, again } = await start()
    simulator.plantRecord({ key: 'F', value: 'false', target: ['production', 'preview'] })
    const careless: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (`${init?.body}`.includes('"target":["production"]'))
        simulator.setFlagByHand('production', 'F', 'true')
      return answer
    }
    const { flags } = again({ fetch: careless })
    const change = { target: 'preview', flags: { F: 'true' }, comment }
    await expect(flags.write(change)).rejects.toMatchObject({
      code: 'flag_readback',
      message:
        'Separating preview changed what other targets keep in F (env_1). Nothing is changed on preview'
    })
    expect(simulator.envRecords()).toMatchObject([
      { id: 'env_1', value: 'false', target: ['production', 'preview'] }
    ])
  })

  test('because the comment was not kept is taken back', async () => {
    const { simulator, again } = await start()
    const forgetful: typeof fetch = (input, init) =>
      init?.method === 'POST'
        ? fetch(input, { ...init, body: `${init.body}`.replace(comment, 'something else') })
        : fetch(input, init)
    const { flags } = again({ fetch: forgetful })
    const change = { target: 'preview', flags: { F: 'true' }, comment }
    await expect(flags.write(change)).rejects.toMatchObject({
      code: 'flag_readback',
      message:
        'Vercel accepted the flags of preview, but F read back differently. Nothing is changed on preview'
    })
    expect(simulator.envRecords()).toEqual([])
  })
})

describe('variables that the team shares', () => {
  test('are looked for in the project’s own list of them', async () => {
    const { simulator } = await start({ customEnvironments: [{ id: 'env_c', slug: 'staging' }] })
    simulator.shareByHand({ key: 'F', value: 'x', target: [], customEnvironmentIds: ['env_c'] })
    simulator.shareByHand({ key: 'G', value: 'x', target: ['preview'], projectId: ['prj_other'] })
    const { obstacles } = await world.flags.read('staging', ['F', 'G'])
    expect(obstacles).toMatchObject([{ code: 'team_shared', flag: 'F' }])
    expect((await world.flags.read('preview', ['F', 'G'])).obstacles).toEqual([])
  })

  test.each([403, 404])(
    'are not looked at with a token that may not (%i), which is logged once',
    async status => {
      const { simulator, lines } = await start()
      const fault = {
        method: 'GET',
        path: /^\/v1\/env$/u,
        effect: { kind: 'answer', status }
      } as const
      simulator.faults.inject({ ...fault, times: 99 })
      await write('preview', { F: 'true' })
      await world.flags.read('preview', ['F'])
      expect(lines.filter(line => line.includes('the team shares'))).toHaveLength(1)
    }
  )

  test('keep no rollback waiting', async () => {
    const { simulator } = await start({ flags: { preview: { F: 'true' } } })
    const flags = { F: 'false' }
    await world.flags.write({ target: 'preview', flags, comment, obstructed: 'skip' })
    expect(simulator.requests.map(({ path }) => path)).not.toContain('/v1/env')
  })
})

describe('how many requests wait for one another', () => {
  /** A request begins a round when no other is under way. */
  async function roundsOf(flags: Record<string, string | null>, target = 'preview') {
    let underWay = 0
    let rounds = 0
    const counting: typeof fetch = async (input, init) => {
      if (underWay === 0) rounds += 1
      underWay += 1
      try {
        return await fetch(input, init)
      } finally {
        underWay -= 1
      }
    }
    await world.again({ fetch: counting }).flags.write({ target, flags, comment })
    return rounds
  }

  test('three new flags: a look, one request for all, a look', async () => {
    await start()
    expect(await roundsOf({ A: 'true', B: 'true', C: '3' })).toBe(3)
    expect(mutations()).toEqual(['POST'])
    expect(await roundsOf({ A: 'true', B: 'true', C: '3' })).toBe(2)
  })

  test('three flags that are changed, removed or separated', async () => {
    const { simulator } = await start({ flags: { preview: { A: '0', B: '0' } } })
    expect(await roundsOf({ A: '1', B: null })).toBe(4)
    for (const key of ['C', 'D'])
      simulator.plantRecord({ key, value: '0', target: ['production', 'preview'] })
    expect(await roundsOf({ A: '2', C: '1', D: '1' })).toBe(5)
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

describe('a record that somebody removes between the list and its value', () => {
  /** A process whose list is answered, and then the record is gone. */
  const racing = () => {
    let lists = 0
    const racingFetch: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (!onEnv.test(new URL(String(input)).pathname)) return response
      lists += 1
      if (lists === 1) world.simulator.setFlagByHand('preview', 'SHADOW', null)
      return response
    }
    return world.again({ fetch: racingFetch }).flags
  }

  test('is absent', async () => {
    await start({ flags: { preview: { SHADOW: 'false', MODE: 'a' } } })
    expect((await racing().read('preview', ['SHADOW', 'MODE'])).flags).toMatchObject({
      SHADOW: { kind: 'absent' },
      MODE: { kind: 'set', value: 'a' }
    })
  })

  test('is made again by a change', async () => {
    const { simulator } = await start({ flags: { preview: { SHADOW: 'false' } } })
    await racing().write({ target: 'preview', flags: { SHADOW: 'true' }, comment })
    expect(simulator.valueOf('preview', 'SHADOW')).toBe('true')
  })
})
