/** Measures what a look costs the database; --help says how. */
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const HELP = `npm run bench:sql -- [--rows 1M] [--rounds 5] [--psql PATH] [--postgres FOLDER]

Builds the table of the worked example in a PostgreSQL of its own and prints what it takes to read
the last 48 of its 720 hours: the runbook's ten queries in one psql, a judged look, its evidence,
and the floor, which is reading the rows once. Nothing is left behind.

  --rows      1M unless told; 10M needs about 8 GB of disk and a quarter of an hour
  --rounds    runs of each way, of which the middle one counts; 5 unless told
  --psql      the psql to use, when it is in none of the usual places
  --postgres  folder with bin/postgres, as /usr/lib/postgresql/15; the packaged server unless told`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    rows: { type: 'string', default: '1M' },
    rounds: { type: 'string', default: '5' },
    psql: { type: 'string' },
    postgres: { type: 'string' }
  }
})

if (values.help) console.log(HELP)
else await run()

async function run() {
  // What stays outside of the bundle is found from there, and no formatter looks into it.
  const folder = await mkdtemp('node_modules/.bench-')
  try {
    const outfile = path.join(folder, 'bench.mjs')
    await build({
      entryPoints: ['bench/bench-sql.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external'
    })
    const { benchSql } = await import(pathToFileURL(path.resolve(outfile)).href)
    const text = await benchSql({
      rows: rowsOf(values.rows),
      rounds: wholeOf('--rounds', values.rounds),
      home: process.cwd(),
      psql: values.psql,
      postgresHome: values.postgres,
      progress: (/** @type {string} */ line) => console.error(line)
    })
    console.log(text)
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
    process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} text */
function rowsOf(text) {
  const [, digits, unit = ''] = /^(\d+)([kM]?)$/u.exec(text) ?? []
  const rows = Number(digits) * { '': 1, k: 1e3, M: 1e6 }[/** @type {'' | 'k' | 'M'} */ (unit)]
  if (rows >= 10_000) return rows
  throw new Error(`--rows ${text}: write 10000 or more, as 500k, 1M or 10M.`)
}

/** @param {string} name @param {string} text */
function wholeOf(name, text) {
  if (/^[1-9]\d{0,3}$/u.test(text)) return Number(text)
  throw new Error(`${name} ${text}: write a whole number, 1 or more.`)
}
