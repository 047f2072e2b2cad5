import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Ledger } from '../rollout/ports.ts'

/** The same ledger, whose files are also laid out as plain files in a folder once they are recorded. */
export function mirrorLedger(ledger: Ledger, folder: string): Ledger {
  return {
    read: ledger.read,
    append: async entry => {
      const head = await ledger.append(entry)
      for (const file of entry.files) {
        const place = path.join(folder, file.path)
        await mkdir(path.dirname(place), { recursive: true })
        await writeFile(place, file.content)
      }
      return head
    }
  }
}
