import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { StoredEvent } from '../../src/rehearsal/postgres/application-database.ts'
import type { EvidenceExporter, LedgerFile } from '../../src/rollout/ports.ts'

/** What the suite needs around an exporter: the application's table and its line. */
export interface EvidenceExporterWorld {
  /** Collects `good` (columns `kind`, `note`; one row per event in order) and `bad`, which fails. */
  readonly exporter: EvidenceExporter
  insert(events: readonly StoredEvent[]): Promise<void>
  setReachable(reachable: boolean): Promise<void>
  close(): Promise<void>
}

const SINCE = '2026-03-01T10:00:00.000Z'
const UNTIL = '2026-03-01T11:00:00.000Z'
const REQUEST = {
  checkpoint: 'T+1h',
  parameters: { source: 'probe', environment: '' },
  since: SINCE,
  until: UNTIL
}

/** What everybody may expect of an EvidenceExporter. */
export function evidenceExporterContract(
  name: string,
  open: () => Promise<EvidenceExporterWorld>
): void {
  describe(`${name} as an EvidenceExporter`, () => {
    let world: EvidenceExporterWorld

    beforeAll(async () => {
      world = await open()
      await world.insert([
        probe(0, 'a', 'says "hello", twice'),
        probe(1, 'b', 'mail ana@example.org'),
        probe(61, 'c', 'too late')
      ])
    })
    afterAll(() => world?.close())

    const collect = () => world.exporter.collect(REQUEST)

    test('keeps one CSV per query that could be read, and a manifest', async () => {
      const files = await collect()
      expect(files.map(file => file.path)).toEqual(['manifest.json', '01-good.csv'])
    })

    test('writes rows of the window, quoted and redacted', async () => {
      expect(contentOf(await collect(), '01-good.csv')).toBe(
        'kind,note\na,"says ""hello"", twice"\nb,mail [email]\n'
      )
    })

    test('says in the manifest how to read the same again', async () => {
      expect(JSON.parse(contentOf(await collect(), 'manifest.json'))).toMatchObject({
        checkpoint: 'T+1h',
        window: { since: SINCE, until: UNTIL },
        database: {
          databaseNow: expect.stringMatching(/Z$/u),
          version: expect.stringMatching(/\d/u),
          snapshot: expect.stringMatching(/\d/u)
        },
        queries: [
          {
            evidence: 'good',
            file: expect.stringContaining('01-good.sql'),
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/u),
            parameters: { since: SINCE, until: UNTIL, source: 'probe' },
            csv: '01-good.csv',
            rows: 2,
            truncated: false
          },
          { evidence: 'bad', csv: null, rows: 0, error: { code: expect.stringMatching(/\w/u) } }
        ]
      })
    })

    test('gives the same files for the same state', async () => {
      const [one, other] = [await collect(), await collect()]
      expect(one.slice(1)).toEqual(other.slice(1))
    })

    test('writes a manifest that says so when the database cannot be asked', async () => {
      await world.setReachable(false)
      const files = await collect()
      await world.setReachable(true)
      expect(files.map(file => file.path)).toEqual(['manifest.json'])
      expect(JSON.parse(contentOf(files, 'manifest.json'))).toMatchObject({
        checkpoint: 'T+1h',
        database: null,
        error: { code: 'database_unreachable', remedy: expect.stringMatching(/\w/u) },
        queries: [{ evidence: 'good', error: { code: 'not_run' } }, { evidence: 'bad' }]
      })
    })
  })
}

function probe(minutes: number, kind: string, note: string): StoredEvent {
  const createdAtMs = Date.parse(SINCE) + minutes * 60_000
  return { createdAtMs, source: 'probe', eventType: kind, context: { note } }
}

function contentOf(files: readonly LedgerFile[], path: string): string {
  return files.find(file => file.path === path)?.content ?? ''
}
