import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { handMark, phaseMark, rolledBackMark, undoneMark } from '../../src/rollout/flag-owner.ts'
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
  /** A variable of that name which the whole team shares. */
  shareWithTeam(target: string, flag: string, value: string): void
  commentOf(target: string, flag: string): string | undefined
  /** The provider refuses every change of this flag from now on. */
  refuse(flag: string): void
  /** How many times the provider was asked to change something. */
  writes(): number
  close(): Promise<void>
}

const comment = phaseMark('assignment-pipeline-v3#1', 'staging-shadow')

/** What every FlagStore promises, on a project that has the custom environment `staging` as well. */
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
        CREATED: { kind: 'set', value: 'true', sharedWith: [], comment },
        CHANGED: { kind: 'set', value: 'true', sharedWith: [], comment },
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

    test('a flag is refused, and none of the change is left', async () => {
      world.setByHand('preview', 'CHANGED', 'false')
      world.setByHand('preview', 'REMOVED', '3')
      world.share(['production', 'preview'], 'SHARED', 'old')
      world.refuse('REFUSED')
      const flags = { CHANGED: 'true', REMOVED: null, SHARED: 'new', NEW: 'x', REFUSED: 'true' }
      await expect(world.flags.write({ target: 'preview', flags, comment })).rejects.toMatchObject({
        name: 'ProviderError',
        message: expect.stringMatching(/Nothing is changed on preview$/u)
      })
      const { flags: left } = await world.flags.read('preview', Object.keys(flags))
      expect(left).toEqual({
        CHANGED: { kind: 'set', value: 'false', sharedWith: [] },
        REMOVED: { kind: 'set', value: '3', sharedWith: [] },
        SHARED: { kind: 'set', value: 'old', sharedWith: ['production'] },
        NEW: { kind: 'absent' },
        REFUSED: { kind: 'absent' }
      })
    })

    test('told to skip obstructed flags, it leaves what is written when one is refused', async () => {
      world.setByHand('preview', 'FULL', 'true')
      world.refuse('REFUSED')
      const flags = { REFUSED: 'false', FULL: 'false', NEW: '3' }
      await expect(
        world.flags.write({ target: 'preview', flags, comment, obstructed: 'skip' })
      ).rejects.toMatchObject({ name: 'ProviderError' })
      expect(world.valueOf('preview', 'FULL')).toBe('false')
      expect(world.valueOf('preview', 'NEW')).toBe('3')
    })

    test('everything that stands in the way is told at once', async () => {
      world.makeUnreadable('preview', 'SEALED')
      world.overrideOnBranch('SHADOW', 'false')
      world.shareWithTeam('preview', 'COMMON', 'x')
      const flags = { SEALED: 'true', SHADOW: 'true', COMMON: 'true', FREE: 'true' }
      const { obstacles } = await world.flags.read('preview', Object.keys(flags))
      expect(obstacles.map(({ flag, code }) => `${flag}: ${code}`)).toEqual([
        'SEALED: sensitive',
        'SHADOW: branch_override',
        'COMMON: team_shared'
      ])
      await expect(world.flags.write({ target: 'preview', flags, comment })).rejects.toMatchObject({
        code: 'flag_obstacle',
        message: expect.stringMatching(/SEALED[^;]*; SHADOW[^;]*; COMMON/u)
      })
      expect(world.writes()).toBe(0)
    })

    test('what the team shares on another target is in nobody’s way', async () => {
      world.shareWithTeam('production', 'COMMON', 'x')
      await world.flags.write({ target: 'preview', flags: { COMMON: 'true' }, comment })
      expect(world.valueOf('preview', 'COMMON')).toBe('true')
    })

    test('a custom environment is a target like any other, also in a shared record', async () => {
      world.share(['preview', 'staging'], 'SHADOW', 'false')
      const flags = { SHADOW: 'true', NEW: 'x' }
      const reading = await world.flags.write({ target: 'staging', flags, comment })
      expect(reading.flags).toMatchObject({
        SHADOW: { value: 'true', sharedWith: [] },
        NEW: { value: 'x' }
      })
      expect(world.valueOf('staging', 'SHADOW')).toBe('true')
      expect(world.valueOf('preview', 'SHADOW')).toBe('false')
      expect(world.valueOf('preview', 'NEW')).toBeUndefined()
    })

    test('a change on a custom environment that fails leaves its shared record as it was', async () => {
      world.share(['preview', 'staging'], 'SHADOW', 'false')
      world.refuse('REFUSED')
      const flags = { SHADOW: 'true', REFUSED: 'x' }
      await expect(world.flags.write({ target: 'staging', flags, comment })).rejects.toThrow(
        'Nothing is changed'
      )
      const { flags: left } = await world.flags.read('staging', ['SHADOW'])
      expect(left['SHADOW']).toMatchObject({ value: 'false', sharedWith: ['preview'] })
    })

    test('a target that does not exist is refused, and those that do are named', async () => {
      await expect(world.flags.read('stagign', ['SHADOW'])).rejects.toMatchObject({
        name: 'InputError',
        code: 'unknown_target',
        remedy: expect.stringContaining('staging')
      })
    })

    test('the comment says who owns a flag, also where the value was right already', async () => {
      world.setByHand('preview', 'SHADOW', 'true')
      const flags = { SHADOW: 'true', FULL: 'x' }
      const reading = await world.flags.write({ target: 'preview', flags, comment })
      expect(reading.flags).toMatchObject({ SHADOW: { comment }, FULL: { comment } })
      expect(world.commentOf('preview', 'SHADOW')).toBe(comment)
      const writes = world.writes()
      await world.flags.write({ target: 'preview', flags, comment: handMark('octocat') })
      await world.flags.write({
        target: 'preview',
        flags,
        comment: phaseMark('assignment-pipeline-v3#1', 'staging-full')
      })
      expect(world.writes()).toBe(writes)
      await world.flags.write({
        target: 'preview',
        flags,
        comment: rolledBackMark('assignment-pipeline-v3')
      })
      expect(world.commentOf('preview', 'FULL')).toBe(
        'rollgate assignment-pipeline-v3: rolled back'
      )
    })

    test('a flag of another rollout is not touched, until that one puts it back', async () => {
      const others = phaseMark('checkout#3', 'preview')
      const flags = { SHADOW: 'true', FREE: 'x' }
      await world.flags.write({ target: 'preview', flags: { SHADOW: 'false' }, comment: others })
      await expect(world.flags.write({ target: 'preview', flags, comment })).rejects.toMatchObject({
        code: 'flag_obstacle',
        message:
          'No flag was written: SHADOW on preview belongs to the rollout checkout#3, as its comment says'
      })
      expect(world.commentOf('preview', 'SHADOW')).toBe(others)
      expect(world.valueOf('preview', 'FREE')).toBeUndefined()
      await world.flags.write({
        target: 'preview',
        flags: { SHADOW: 'off' },
        comment: undoneMark('checkout#3', 'preview')
      })
      await world.flags.write({ target: 'preview', flags, comment })
      expect(world.valueOf('preview', 'SHADOW')).toBe('true')
    })

    test('a rollback puts a flag back whoever owns it, and a person sets it', async () => {
      const others = phaseMark('checkout#3', 'preview')
      const flags = { SHADOW: 'true' }
      await world.flags.write({ target: 'preview', flags, comment: others })
      await world.flags.write({
        target: 'preview',
        flags: { SHADOW: 'false' },
        comment: rolledBackMark('assignment-pipeline-v3'),
        obstructed: 'skip'
      })
      expect(world.valueOf('preview', 'SHADOW')).toBe('false')
      await world.flags.write({ target: 'preview', flags, comment: others })
      await world.flags.write({
        target: 'preview',
        flags: { SHADOW: 'x' },
        comment: handMark('octocat')
      })
      expect(world.valueOf('preview', 'SHADOW')).toBe('x')
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
