import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { IssueHands } from '../../src/rehearsal/github/issue-hands.ts'
import type { ReportReader } from '../../src/rollout/ports.ts'

/** What the suite needs around a reader: a repository with the label `customer-report`, and its time. */
export interface ReportReaderWorld {
  readonly reader: ReportReader
  readonly hands: IssueHands
  now(): number
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

const LABEL = 'customer-report'
const MINUTE_MS = 60_000

/** What everybody may expect of a ReportReader. */
export function reportReaderContract(name: string, open: () => Promise<ReportReaderWorld>): void {
  describe(`${name} as a ReportReader`, () => {
    let world: ReportReaderWorld
    let startMs: number
    let since: string
    beforeEach(async () => {
      world = await open()
      await world.pass(10 * MINUTE_MS)
      startMs = world.now()
      since = at(0)
    })
    afterEach(() => world.close())

    const opened = (label = LABEL) => world.reader.openedSince(label, since)
    const at = (minutes: number) => new Date(startMs + minutes * MINUTE_MS).toISOString()

    test('finds nothing where nothing was reported', async () => {
      expect(await opened()).toEqual([])
    })

    test('says when each issue with the label was opened, since then and no earlier', async () => {
      const { hands, pass } = world
      await pass(MINUTE_MS)
      hands.report(LABEL)
      hands.report('something-else')
      await pass(60 * MINUTE_MS)
      hands.report(LABEL)
      hands.report(LABEL)
      expect([...(await opened())].sort()).toEqual([at(1), at(61), at(61)])
      since = at(2)
      expect(await opened()).toEqual([at(61), at(61)])
    })

    test('counts one that was opened in the very second, whatever fraction the window starts at', async () => {
      world.hands.report(LABEL)
      since = new Date(startMs + 999).toISOString()
      expect(await opened()).toEqual([at(0)])
    })

    test('leaves out an older one, however lively it is', async () => {
      const { number } = world.hands.report(LABEL)
      await world.pass(MINUTE_MS)
      since = at(1)
      await world.pass(MINUTE_MS)
      world.hands.setState(number, 'closed')
      world.hands.setState(number, 'open')
      expect(await opened()).toEqual([])
    })

    test('counts one that is closed, or opened again', async () => {
      const [first, second] = [world.hands.report(LABEL), world.hands.report(LABEL)]
      world.hands.setState(first.number, 'closed')
      world.hands.setState(second.number, 'closed')
      world.hands.setState(second.number, 'open')
      expect(await opened()).toHaveLength(2)
    })

    test('counts one that was labelled later by its opening, and takes back what lost its label', async () => {
      const { number } = world.hands.report('bug')
      await world.pass(30 * MINUTE_MS)
      expect(await opened()).toEqual([])
      world.hands.relabel(number, ['bug', LABEL])
      expect(await opened()).toEqual([at(0)])
      world.hands.relabel(number, ['bug'])
      expect(await opened()).toEqual([])
    })

    test('takes back one that was deleted or transferred', async () => {
      const { number } = world.hands.report(LABEL)
      world.hands.remove(number)
      expect(await opened()).toEqual([])
    })

    test('knows a label in whatever case it is written', async () => {
      world.hands.report(LABEL)
      expect(await opened('Customer-Report')).toHaveLength(1)
    })

    test('takes no silence for an answer under a label that nobody can use', async () => {
      await expect(opened('costumer-report')).rejects.toMatchObject({
        name: 'ProviderError',
        code: 'label_missing',
        message: expect.stringContaining('costumer-report'),
        remedy: expect.stringMatching(/\w/u)
      })
    })
  })
}
