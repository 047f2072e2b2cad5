import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { LedgerArchive } from '../../src/rollout/ports.ts'

/** A place for a ledger, empty at first, that files can be put into. */
export interface ArchiveWorld {
  /** Somebody who has not looked yet. */
  archive(): LedgerArchive
  put(files: Readonly<Record<string, string>>): Promise<void>
  close(): Promise<void>
}

const FILES = {
  'README.md': '# Rollouts\n',
  'assignment-pipeline-v3/1/events.jsonl': '{"seq":1}\n{"seq":2}\n',
  'assignment-pipeline-v3/1/definitions/d1.yml': 'name: ünïcode ☕\r\n',
  'assignment-pipeline-v3/1/evidence/staging-full/T+6h/reading.json': '{}\n',
  'assignment-pipeline-v3/1/evidence/staging-full/T+6h/01-success-rate.csv': '',
  'assignment-pipeline-v3/10/events.jsonl': ''
}
/** Longer than GitHub hands out in one answer to a query. */
const LONG = 'a line of sixty-four bytes, with the one at its end counted in.\n'.repeat(9000)

/** What every archive promises, whatever the ledger is kept in. */
export function archiveContract(name: string, open: () => Promise<ArchiveWorld>): void {
  describe(`${name} keeps the contract of an archive`, () => {
    let world: ArchiveWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.close())

    test('where nothing was ever written there is nothing to list or to read', async () => {
      const archive = world.archive()
      expect(await archive.list()).toEqual([])
      expect(await archive.read('README.md')).toBeUndefined()
    })

    test('every file is listed once, by its path from the root', async () => {
      await world.put(FILES)
      const paths = await world.archive().list()
      expect([...paths].sort()).toEqual(Object.keys(FILES).sort())
    })

    test('a text is read as it was written, in any order and without listing first', async () => {
      await world.put(FILES)
      const archive = world.archive()
      for (const [path, text] of Object.entries(FILES).reverse()) {
        expect(await archive.read(path)).toBe(text)
      }
    })

    test('a long text is read whole', async () => {
      await world.put({ 'long.jsonl': LONG })
      expect(await world.archive().read('long.jsonl')).toBe(LONG)
    })

    test('what is not there, is a folder, or leads elsewhere has no text', async () => {
      await world.put(FILES)
      const archive = world.archive()
      const paths = [
        'nothing.md',
        'README.md/x',
        'assignment-pipeline-v3',
        'assignment-pipeline-v3/1/',
        '../README.md',
        'assignment-pipeline-v3/../README.md',
        '/etc/passwd',
        '.git/config',
        ''
      ]
      for (const path of paths) expect([path, await archive.read(path)]).toEqual([path, undefined])
    })

    test('hundreds of texts can be asked for at the same time', async () => {
      const many = Object.fromEntries(
        Array.from({ length: 130 }, (_, n) => [`x/1/evidence/${n}/reading.json`, `reading ${n}`])
      )
      await world.put({ ...many, 'x/1/same.json': 'reading 7' })
      const archive = world.archive()
      const paths = await archive.list()
      const texts = await Promise.all(paths.map(path => archive.read(path)))
      expect(Object.fromEntries(paths.map((path, index) => [path, texts[index]]))).toEqual({
        ...many,
        'x/1/same.json': 'reading 7'
      })
    })
  })
}
