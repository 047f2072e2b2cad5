import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { FlagStore } from '../../src/rollout/ports.ts'

/** A flag store, and the hands that reach past it to what the provider really holds. */
export interface FlagStoreWorld {
  readonly flags: FlagStore
  /** The value a deployment of that target would see. */
  valueOf(target: string, flag: string): string | undefined
  setByHand(target: string, flag: string, value: string | null): void
  /** One record of the provider that serves all these targets. */
  share(targets: readonly string[], flag: string, value: string): void
  overrideOnBranch(flag: string, value: string): void
  makeUnreadable(target: string, flag: string): void
  /** How many times the provider was asked to change something. */
  writes(): number
  close(): Promise<void>
}

const comment = 'assignment-pipeline-v3#1 staging-shadow'

/** What every FlagStore promises. */
export function describeFlagStore(name: string, start: () => Promise<FlagStoreWorld>): void {
  describe(`the flag store contract, kept by ${name}`, () => {
    let world: FlagStoreWorld
    beforeEach(async () => {
      world = await start()
    })
    afterEach(() => world.close())

    test('reads set and absent flags, one entry for each asked for', async () => {
      world.setByHand('preview', 'SHADOW', 'true')
      const { target, flags, obstacles } = await world.flags.read('preview', ['SHADOW', 'FULL'])
      expect(target).toBe('preview')
      expect(flags).toEqual({
        SHADOW: { kind: 'set', value: 'true', sharedWith: [] },
        FULL: { kind: 'absent' }
      })
      expect(obstacles).toEqual([])
    })

    test('reading changes nothing', async () => {
      await world.flags.read('production', ['SHADOW'])
      expect(world.writes()).toBe(0)
    })

    test('creates, changes and removes flags, and returns what it read back', async () => {
      world.setByHand('preview', 'CHANGED', 'false')
      world.setByHand('preview', 'REMOVED', '3')
      const reading = await world.flags.write({
        target: 'preview',
        flags: { CREATED: 'true', CHANGED: 'true', REMOVED: null },
        comment
      })
      expect(reading.flags).toEqual({
        CREATED: { kind: 'set', value: 'true', sharedWith: [] },
        CHANGED: { kind: 'set', value: 'true', sharedWith: [] },
        REMOVED: { kind: 'absent' }
      })
      expect(world.valueOf('preview', 'CREATED')).toBe('true')
      expect(world.valueOf('preview', 'CHANGED')).toBe('true')
      expect(world.valueOf('preview', 'REMOVED')).toBeUndefined()
    })

    test('an empty text and a text of several lines are values like any other', async () => {
      const flags = { EMPTY: '', LINES: 'a\nb\n' }
      await world.flags.write({ target: 'production', flags, comment })
      expect(world.valueOf('production', 'EMPTY')).toBe('')
      expect(world.valueOf('production', 'LINES')).toBe('a\nb\n')
    })

    test('nothing done to one target can be seen on another', async () => {
      world.setByHand('production', 'SHADOW', 'false')
      await world.flags.write({ target: 'preview', flags: { SHADOW: 'true' }, comment })
      expect(world.valueOf('production', 'SHADOW')).toBe('false')
      await world.flags.write({ target: 'preview', flags: { SHADOW: null }, comment })
      expect(world.valueOf('production', 'SHADOW')).toBe('false')
    })

    test('repeating a write changes nothing', async () => {
      const change = { target: 'preview', flags: { SHADOW: 'true', FULL: null }, comment }
      await world.flags.write(change)
      const writes = world.writes()
      await world.flags.write(change)
      expect(world.writes()).toBe(writes)
    })

    test('T8: a record shared with another target is split, and the other target keeps its value', async () => {
      world.share(['production', 'preview'], 'SHADOW', 'false')
      const before = await world.flags.read('preview', ['SHADOW'])
      expect(before.flags['SHADOW']).toEqual({
        kind: 'set',
        value: 'false',
        sharedWith: ['production']
      })
      await world.flags.write({ target: 'preview', flags: { SHADOW: 'true' }, comment })
      expect(world.valueOf('preview', 'SHADOW')).toBe('true')
      expect(world.valueOf('production', 'SHADOW')).toBe('false')
    })

    test('a flag removed from one target of a shared record stays on the others', async () => {
      world.share(['production', 'preview'], 'SHADOW', 'false')
      await world.flags.write({ target: 'production', flags: { SHADOW: null }, comment })
      expect(world.valueOf('production', 'SHADOW')).toBeUndefined()
      expect(world.valueOf('preview', 'SHADOW')).toBe('false')
    })

    test('a shared record that is right already is left alone', async () => {
      world.share(['production', 'preview'], 'SHADOW', 'true')
      await world.flags.write({ target: 'preview', flags: { SHADOW: 'true' }, comment })
      expect(world.writes()).toBe(0)
    })

    test('restoring a snapshot brings every flag back', async () => {
      world.setByHand('production', 'SHADOW', 'false')
      const wanted = { SHADOW: 'false', FULL: null }
      await world.flags.write({ target: 'production', flags: { SHADOW: 'x', FULL: 'y' }, comment })
      await world.flags.write({ target: 'production', flags: wanted, comment })
      expect(world.valueOf('production', 'SHADOW')).toBe('false')
      expect(world.valueOf('production', 'FULL')).toBeUndefined()
    })

    test('a branch override is told, and refused before anything is written', async () => {
      world.overrideOnBranch('SHADOW', 'false')
      const { obstacles } = await world.flags.read('preview', ['SHADOW', 'FULL'])
      expect(obstacles).toMatchObject([{ code: 'branch_override', flag: 'SHADOW' }])
      const flags = { FULL: 'true', SHADOW: 'true' }
      await expect(world.flags.write({ target: 'preview', flags, comment })).rejects.toMatchObject({
        name: 'ProviderError',
        code: 'flag_obstacle'
      })
      expect(world.writes()).toBe(0)
    })

    test('a value that nobody can read is told, and refused before anything is written', async () => {
      world.makeUnreadable('production', 'SHADOW')
      const { flags, obstacles } = await world.flags.read('production', ['SHADOW'])
      expect(flags['SHADOW']).toMatchObject({ kind: 'unreadable' })
      expect(obstacles).toMatchObject([{ code: 'sensitive', flag: 'SHADOW' }])
      await expect(
        world.flags.write({ target: 'production', flags: { SHADOW: 'true' }, comment })
      ).rejects.toMatchObject({ code: 'flag_obstacle' })
      expect(world.writes()).toBe(0)
    })

    test('told to skip obstructed flags, it leaves them alone, tells them and writes every other', async () => {
      world.makeUnreadable('preview', 'SEALED')
      world.setByHand('preview', 'FULL', 'true')
      const flags = { SEALED: 'false', FULL: 'false', NEW: '3' }
      const change = { target: 'preview', flags, comment, obstructed: 'skip' } as const
      const reading = await world.flags.write(change)
      expect(reading.obstacles).toMatchObject([{ code: 'sensitive', flag: 'SEALED' }])
      expect(reading.flags).toMatchObject({
        SEALED: { kind: 'unreadable' },
        FULL: { kind: 'set', value: 'false' },
        NEW: { kind: 'set', value: '3' }
      })
      expect(world.valueOf('preview', 'FULL')).toBe('false')
      const writes = world.writes()
      await world.flags.write(change)
      expect(world.writes()).toBe(writes)
    })

    test('told to skip obstructed flags, it writes one that a branch overrides, and tells it', async () => {
      world.overrideOnBranch('SHADOW', 'true')
      const reading = await world.flags.write({
        target: 'preview',
        flags: { SHADOW: 'false' },
        comment,
        obstructed: 'skip'
      })
      expect(reading.obstacles).toMatchObject([{ code: 'branch_override', flag: 'SHADOW' }])
      expect(reading.flags['SHADOW']).toMatchObject({ kind: 'set', value: 'false' })
      expect(world.valueOf('preview', 'SHADOW')).toBe('false')
    })
  })
}
