import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { LedgerEvent } from '../../src/rollout/events.ts'
import type { Ledger, LedgerEntry } from '../../src/rollout/ports.ts'
import { ConflictError, InputError } from '../../src/rollout/rollgate-error.ts'

/** One memory, seen by several clients and by whoever writes to its branch without Rollgate. */
export interface LedgerWorld {
  /** A client that shares nothing with earlier ones but the memory. */
  client(): Ledger
  /** What a file holds at the head; undefined when it is not there. */
  content(path: string): Promise<string | undefined>
  /** Commit subjects, newest first. */
  history(): Promise<readonly string[]>
  /** A commit by hand: this file now holds this text. */
  overwrite(path: string, text: string): Promise<void>
  close(): Promise<void>
}

const definition = 'assignment-pipeline-v3'
const log = `${definition}/1/events.jsonl`

/** An event that is as good as any other. */
export function heldEvent(seq: number, id = `event-${seq}`): LedgerEvent {
  const at = new Date(Date.UTC(2026, 0, 5, 9, seq)).toISOString()
  return { kind: 'held', seq, id, at, by: 'ada', run: 'run/1', cause: 'person', reason: 'lunch ☕' }
}

/** An entry of a first rollout; what is not given is the least there can be. */
export function entryOf(parts: Partial<LedgerEntry>): LedgerEntry {
  return {
    definition,
    number: 1,
    expectedHead: undefined,
    events: [],
    files: [],
    message: 'Hold assignment-pipeline-v3#1',
    ...parts
  }
}

/** What every ledger promises, whatever it is kept in. */
export function ledgerContract(name: string, open: () => Promise<LedgerWorld>): void {
  describe(`${name} keeps the contract of a ledger`, () => {
    let world: LedgerWorld
    let ledger: Ledger
    beforeEach(async () => {
      world = await open()
      ledger = world.client()
    })
    afterEach(() => world.close())

    const refusal = (entry: LedgerEntry): Promise<unknown> =>
      ledger.append(entry).then(
        () => 'was accepted',
        error => error
      )

    test('nothing was ever written: no head, no rollout', async () => {
      expect(await ledger.read(definition)).toEqual({
        head: undefined,
        number: 0,
        events: [],
        dashboard: undefined
      })
    })

    test('what was appended is read back by anybody, in order', async () => {
      const first = await ledger.append(entryOf({ events: [heldEvent(1), heldEvent(2)] }))
      const head = await ledger.append(entryOf({ expectedHead: first, events: [heldEvent(3)] }))
      const events = [heldEvent(1), heldEvent(2), heldEvent(3)]
      expect(await world.client().read(definition)).toEqual({
        head,
        number: 1,
        events,
        dashboard: undefined
      })
      expect(first).not.toBe(head)
    })

    test('the newest rollout is read unless another is asked for', async () => {
      let head: string | undefined
      for (const number of [1, 2, 10]) {
        const events = [heldEvent(1, `of-${number}`)]
        head = await ledger.append(entryOf({ number, expectedHead: head, events }))
      }
      expect(await ledger.read(definition)).toMatchObject({ number: 10, events: [{ id: 'of-10' }] })
      expect(await ledger.read(definition, 2)).toMatchObject({
        number: 2,
        events: [{ id: 'of-2' }]
      })
      expect(await ledger.read(definition, 3)).toMatchObject({ head, number: 0, events: [] })
      expect(await ledger.read('another')).toMatchObject({ head, number: 0, events: [] })
    })

    test('events, files and dashboard arrive in one commit and leave everything else alone', async () => {
      const other = entryOf({ definition: 'other', events: [heldEvent(1, 'other')], files: [] })
      const expectedHead = await ledger.append({ ...other, dashboard: 'old' })
      const files = [
        { path: 'verification.md', content: '# Log\n' },
        { path: 'evidence/staging-full/T+6h/outcomes.csv', content: 'hits,total\n' }
      ]
      await ledger.append(
        entryOf({
          expectedHead,
          events: [heldEvent(1)],
          files,
          dashboard: 'new',
          message: 'Two\nlines'
        })
      )
      expect(await world.content(`${definition}/1/verification.md`)).toBe('# Log\n')
      expect(await world.content(`${definition}/1/evidence/staging-full/T+6h/outcomes.csv`)).toBe(
        'hits,total\n'
      )
      expect(await world.content('README.md')).toBe('new')
      expect((await ledger.read('another')).dashboard).toBe('new')
      expect((await ledger.read('other')).events).toEqual([heldEvent(1, 'other')])
      expect(await world.history()).toEqual(['Two lines', 'Hold assignment-pipeline-v3#1'])
    })

    test('a file alone is an entry; the log stays as it is', async () => {
      const first = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      const files = [{ path: 'chart.svg', content: '<svg/>' }]
      const head = await ledger.append(entryOf({ expectedHead: first, files }))
      expect(await ledger.read(definition)).toMatchObject({
        head,
        number: 1,
        events: [heldEvent(1)]
      })
      expect(await world.content(`${definition}/1/chart.svg`)).toBe('<svg/>')
    })

    test('lines that were written never change, and keys have one order', async () => {
      const { kind, ...rest } = heldEvent(1)
      const first = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      const before = await world.content(log)
      await ledger.append(entryOf({ expectedHead: first, events: [heldEvent(2)] }))
      const after = (await world.content(log)) ?? ''
      expect(after.startsWith(before ?? 'nothing')).toBe(true)
      expect(after.split('\n')).toHaveLength(3)
      const reordered = { ...rest, kind } as LedgerEvent
      await ledger.append(
        entryOf({
          number: 2,
          expectedHead: (await ledger.read(definition)).head,
          events: [reordered]
        })
      )
      expect(await world.content(`${definition}/2/events.jsonl`)).toBe(before)
    })

    test('whoever decided on an older head is refused and changes nothing', async () => {
      const first = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      const head = await ledger.append(entryOf({ expectedHead: first, events: [heldEvent(2)] }))
      for (const expectedHead of [undefined, first, head.replaceAll(/[0-9a-f]/gu, '0')]) {
        const error = await refusal(entryOf({ expectedHead, events: [heldEvent(3, 'late')] }))
        expect(error).toBeInstanceOf(ConflictError)
        expect(error).toMatchObject({ code: 'stale_head' })
      }
      expect(await ledger.read(definition)).toMatchObject({
        head,
        events: [{ seq: 1 }, { seq: 2 }]
      })
    })

    test('another rollout moving the head is a reason to decide again, too', async () => {
      const first = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      await ledger.append(
        entryOf({ definition: 'other', expectedHead: first, events: [heldEvent(1, 'other')] })
      )
      expect(await refusal(entryOf({ expectedHead: first, events: [heldEvent(2)] }))).toMatchObject(
        {
          code: 'stale_head'
        }
      )
    })

    test('an expected head where there is no ledger is refused', async () => {
      const expectedHead = '0123456789abcdef0123456789abcdef01234567'
      expect(await refusal(entryOf({ expectedHead, events: [heldEvent(1)] }))).toMatchObject({
        code: 'stale_head'
      })
    })

    test('of two writers at once exactly one wins', async () => {
      let head = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      for (let seq = 2; seq <= 6; seq += 1) {
        const outcomes = await Promise.allSettled(
          ['ada', 'bob', 'eve'].map(who =>
            world
              .client()
              .append(entryOf({ expectedHead: head, events: [heldEvent(seq, `${who}-${seq}`)] }))
          )
        )
        const won = outcomes.flatMap(o => (o.status === 'fulfilled' ? [o.value] : []))
        const lost = outcomes.flatMap(o => (o.status === 'rejected' ? [o.reason] : []))
        expect(won).toHaveLength(1)
        expect(lost.map(error => error.code)).toEqual(['stale_head', 'stale_head'])
        head = won[0] ?? ''
      }
      const reading = await ledger.read(definition)
      expect(reading.head).toBe(head)
      expect(reading.events).toHaveLength(6)
    })

    test('of two first writers at once exactly one wins', async () => {
      const outcomes = await Promise.allSettled(
        ['ada', 'bob'].map(who => world.client().append(entryOf({ events: [heldEvent(1, who)] })))
      )
      expect(outcomes.map(o => o.status).sort()).toEqual(['fulfilled', 'rejected'])
      expect((await ledger.read(definition)).events).toHaveLength(1)
    })

    test('an entry sent again because its response was lost is written once', async () => {
      const first = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      const entry = entryOf({ expectedHead: first, events: [heldEvent(2), heldEvent(3)] })
      const head = await ledger.append(entry)
      expect(await world.client().append(entry)).toBe(head)
      const moved = await ledger.append(
        entryOf({ definition: 'other', expectedHead: head, events: [heldEvent(1, 'other')] })
      )
      expect(await ledger.append(entry)).toBe(moved)
      expect((await ledger.read(definition)).events).toHaveLength(3)
    })

    test('the same entry sent twice at once succeeds twice and is written once', async () => {
      const entry = entryOf({ events: [heldEvent(1)] })
      const heads = await Promise.all([world.client().append(entry), world.client().append(entry)])
      expect(heads[0]).toBe(heads[1])
      expect(await world.history()).toHaveLength(1)
    })

    test('a repeated entry that others have built on is not hidden from: decide again', async () => {
      const entry = entryOf({ events: [heldEvent(1)] })
      const expectedHead = await ledger.append(entry)
      await ledger.append(entryOf({ expectedHead, events: [heldEvent(2, 'by somebody else')] }))
      expect(await refusal(entry)).toMatchObject({ code: 'stale_head' })
      expect((await ledger.read(definition)).events).toHaveLength(2)
    })

    test.each([
      ['a gap', [heldEvent(3)]],
      ['a place that is taken', [heldEvent(1, 'again')]],
      ['a gap inside the entry', [heldEvent(2), heldEvent(4)]],
      ['an id that is taken', [heldEvent(2, 'event-1'), heldEvent(3)]],
      ['one id twice', [heldEvent(2, 'same'), heldEvent(3, 'same')]]
    ])('refuses %s', async (_, events) => {
      const head = await ledger.append(entryOf({ events: [heldEvent(1)] }))
      const error = await refusal(entryOf({ expectedHead: head, events }))
      expect(error).toBeInstanceOf(InputError)
      expect(error).toMatchObject({ code: 'ledger_order' })
      expect((await ledger.read(definition)).head).toBe(head)
    })

    test('refuses an event that could not be read back', async () => {
      const event = { ...heldEvent(1), cause: 'the weather' } as unknown as LedgerEvent
      expect(await refusal(entryOf({ events: [event] }))).toMatchObject({ code: 'ledger_event' })
    })

    test.each([
      'events.jsonl',
      'Events.JSONL',
      'events.jsonl/x',
      '../2/events.jsonl',
      '/etc/passwd',
      'evidence//x',
      'evidence/.git/config',
      'evidence\\x',
      ''
    ])('refuses to write the file %j', async path => {
      const files = [{ path, content: 'x' }]
      expect(await refusal(entryOf({ events: [heldEvent(1)], files }))).toMatchObject({
        code: 'ledger_path'
      })
      expect((await ledger.read(definition)).head).toBeUndefined()
    })

    test('refuses two files in one place', async () => {
      const twice = ['evidence', 'evidence/x'].map(path => ({ path, content: path }))
      expect(await refusal(entryOf({ files: twice }))).toMatchObject({ code: 'ledger_path' })
      const same = ['a', 'a'].map(path => ({ path, content: path }))
      expect(await refusal(entryOf({ files: same }))).toMatchObject({ code: 'ledger_path' })
    })

    test.each([
      ['no JSON', 'oops\n', `${log}:2: not JSON.`],
      ['an unknown kind', '{"kind":"nonsense"}\n', `${log}:2: not a ledger event`],
      [
        'a key of the future',
        `${JSON.stringify({ ...heldEvent(2), new: 1 })}\n`,
        `${log}:2: not a`
      ],
      ['a gap', `${JSON.stringify(heldEvent(3))}\n`, `${log}:2: seq is 3 where 2 is due.`],
      ['an empty line', `\n${JSON.stringify(heldEvent(2))}\n`, `${log}:2: not JSON.`],
      ['half a line', JSON.stringify(heldEvent(2)), `${log}: the last line is cut off.`]
    ])('a log spoilt by %s is neither read nor appended to', async (_, spoiled, message) => {
      await ledger.append(entryOf({ events: [heldEvent(1)] }))
      await world.overwrite(log, `${await world.content(log)}${spoiled}`)
      const error = await ledger.read(definition).catch(caught => caught)
      expect(error).toBeInstanceOf(InputError)
      expect(error).toMatchObject({
        code: 'ledger_corrupt',
        message: expect.stringContaining(message)
      })
      const { head } = await ledger.read('another')
      expect(await refusal(entryOf({ expectedHead: head, events: [heldEvent(2)] }))).toMatchObject({
        code: 'ledger_corrupt'
      })
    })
  })
}
