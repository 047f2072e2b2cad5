import { ledgerContract } from '../contracts/ledger.ts'
import { createMemoryLedger } from './memory-ledger.ts'

ledgerContract('A ledger in memory', async () => {
  const ledger = createMemoryLedger()
  return {
    client: () => ledger,
    content: async path => ledger.files.get(path),
    history: async () => ledger.history,
    overwrite: async (path, text) => {
      ledger.files.set(path, text)
    },
    close: () => Promise.resolve()
  }
})
