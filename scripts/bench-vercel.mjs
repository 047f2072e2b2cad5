/** Measures what setting flags, deploying and rolling back takes; --help says how. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runBench, wholeOf } from './bench-bundle.mjs'

const HELP = `npm run bench:vercel -- [--latency 80] [--rounds 5] [--cli PATH]

Sets three flags, deploys to production and rolls back against a simulated Vercel API in this process:
the runbook's way, which is one run of the real Vercel CLI after the other, and Rollgate's, in turn.
Prints the medians, the requests, and the longest chain of requests that waited for each other.
Nothing leaves this machine, and nothing is left behind.

  --latency   milliseconds that every request takes; 80 unless told
  --rounds    runs of each way, of which the middle one counts; 5 unless told
  --cli       the vc.js of the Vercel CLI to use; the one of the devDependencies unless told`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    latency: { type: 'string', default: '80' },
    rounds: { type: 'string', default: '5' },
    cli: { type: 'string' }
  }
})

if (values.help) console.log(HELP)
else
  await runBench('bench/bench-vercel.ts', ({ benchVercel }) =>
    benchVercel({
      latencyMs: wholeOf('--latency', values.latency, 0),
      rounds: wholeOf('--rounds', values.rounds),
      cli: [process.execPath, values.cli ?? installedCli()],
      progress: (/** @type {string} */ line) => console.error(line)
    })
  )

function installedCli() {
  const manifest = createRequire(import.meta.url).resolve('vercel/package.json')
  return path.join(path.dirname(manifest), 'dist', 'vc.js')
}
