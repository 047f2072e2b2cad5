/** Measures what a look costs the database; --help says how. */
import { parseArgs } from 'node:util'
import { runBench, wholeOf } from './bench-bundle.mjs'

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
else
  await runBench('bench/bench-sql.ts', ({ benchSql }) =>
    benchSql({
      rows: rowsOf(values.rows),
      rounds: wholeOf('--rounds', values.rounds),
      home: process.cwd(),
      psql: values.psql,
      postgresHome: values.postgres,
      progress: (/** @type {string} */ line) => console.error(line)
    })
  )

/** @param {string} text */
function rowsOf(text) {
  const [, digits, unit = ''] = /^(\d+)([kM]?)$/u.exec(text) ?? []
  const rows = Number(digits) * { '': 1, k: 1e3, M: 1e6 }[/** @type {'' | 'k' | 'M'} */ (unit)]
  if (rows >= 10_000) return rows
  throw new Error(`--rows ${text}: write 10000 or more, as 500k, 1M or 10M.`)
}
