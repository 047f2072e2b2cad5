/**
 * Holds every workflow, template and action file against GitHub's own parser and language service;
 * fails on every finding, warnings included. Node cannot load these packages as they are (they import
 * JSON without an attribute), so the check is bundled first.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-check-'))
try {
  const outfile = path.join(folder, 'check.mjs')
  await build({
    entryPoints: ['scripts/workflow-findings.mjs'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    // CommonJS dependencies call require() for Node's own modules.
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'\nconst require = _createRequire(import.meta.url)"
    }
  })
  const { findings } = await import(pathToFileURL(outfile).href)
  const found = await findings(process.cwd())
  for (const line of found) console.error(line)
  process.exitCode = found.length > 0 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}
