/**
 * Bundles the two composition roots, and what shows a rehearsed workflow's processes its time, with
 * the licences of what went in, into dist/ or the folder given as --outdir, which is replaced.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const { outdir } = parseArgs({ options: { outdir: { type: 'string', default: 'dist' } } }).values
await rm(outdir, { recursive: true, force: true })

const { metafile } = await build({
  entryPoints: {
    index: 'src/main.ts',
    cli: 'src/cli.ts',
    'process-clock': 'src/rehearsal/workflows/process-clock.ts'
  },
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  // CommonJS dependencies (pg, tunnel) call require() for Node's own modules.
  banner: {
    js: "import { createRequire as _createRequire } from 'node:module'\nconst require = _createRequire(import.meta.url)"
  },
  alias: {
    '@actions/http-client': './scripts/no-http-client.mjs',
    '@actions/http-client/lib/auth': './scripts/no-http-client.mjs'
  },
  // Optional peers of pg; never reached by the pure JavaScript client.
  external: ['pg-native', 'pg-cloudflare']
})

const roots = Object.keys(metafile.inputs).flatMap(
  path => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/u)?.[0] ?? []
)
const notices = await Promise.all([...new Set(roots)].sort().map(notice))
await writeFile(`${outdir}/licenses.txt`, notices.join('\n'))
await writeFile(`${outdir}/package.json`, '{ "type": "module" }\n')

/** @param {string} root */
async function notice(root) {
  const { name, version, license } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'))
  const file = (await readdir(root)).sort().find(f => /^(licen[cs]e|copying)/iu.test(f))
  const text = file ? await readFile(`${root}/${file}`, 'utf8') : 'No licence file in the package.'
  return `${name}@${version} (${license})\n\n${text.replaceAll('\r\n', '\n').trim()}\n`
}
