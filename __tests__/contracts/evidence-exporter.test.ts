import { loadEvidenceFiles } from '../../src/postgres/catalogue.ts'
import { startRelay } from '../../src/rehearsal/postgres/relay.ts'
import { adapterFor, freshDatabase, startTestServer, withFiles } from '../postgres/embedded.ts'
import { evidenceExporterContract } from './evidence-exporter.ts'

const FILES = {
  '01-good.sql': `--! evidence: good
--! asks: What was there?
select event_type as kind, context ->> 'note' as note
from public.observability_events
where source = :'source'
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
order by created_at`,
  '02-bad.sql': '--! evidence: bad\n--! asks: What is missing?\nselect missing'
}

evidenceExporterContract('PostgreSQL', async () => {
  const server = await startTestServer()
  const database = await freshDatabase(server)
  const relay = await startRelay(server)
  const evidenceFiles = await withFiles(FILES, folder => loadEvidenceFiles([folder]))
  const connectionString = database.connectionString('reader', relay)
  const { evidence } = await adapterFor(database, { evidenceFiles, connectionString })
  return {
    exporter: evidence,
    insert: database.insert,
    setReachable: reachable => (reachable ? relay.restore() : relay.cut()),
    close: async () => {
      await relay.stop()
      await server.stop()
    }
  }
})
