import { loadCatalogue } from '../../src/postgres/catalogue.ts'
import { startRelay } from '../../src/rehearsal/postgres/relay.ts'
import {
  adapterFor,
  bundledMetrics,
  freshDatabase,
  startTestServer,
  withFiles
} from '../postgres/embedded.ts'
import { metricReaderContract } from './metric-reader.ts'

const BROKEN = `--! metric: broken
--! kind: count
--! asks: What is missing?
--! unit: thing
select missing as bucket, 1 as hits from public.observability_events`

metricReaderContract('PostgreSQL', async () => {
  const server = await startTestServer()
  const database = await freshDatabase(server)
  const relay = await startRelay(server)
  const [bundled, broken] = await Promise.all([
    bundledMetrics(),
    withFiles({ 'broken.sql': BROKEN }, folder => loadCatalogue([folder]))
  ])
  const catalogue = {
    headers: [...bundled.headers, ...broken.headers],
    files: [...bundled.files, ...broken.files]
  }
  const connectionString = database.connectionString('reader', relay)
  const { metrics } = await adapterFor(database, { catalogue, connectionString })
  return {
    reader: metrics,
    setClock: database.setClock,
    insert: database.insert,
    setReachable: reachable => (reachable ? relay.restore() : relay.cut()),
    close: async () => {
      await relay.stop()
      await server.stop()
    }
  }
})
