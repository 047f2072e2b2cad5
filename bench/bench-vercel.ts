import { createVercelProject, type VercelPlace } from './vercel-place.ts'
import { type Measured, vercelText } from './vercel-table.ts'
import { VERCEL_WAYS, vercelWays } from './vercel-ways.ts'

/** What to measure, and how often. */
export interface VercelBench {
  /** Real milliseconds that every request to the simulated API takes. */
  readonly latencyMs: number
  /** Runs of each way, of which the middle one counts. */
  readonly rounds: number
  /** Command and leading arguments of the Vercel CLI. */
  readonly cli: readonly string[]
  readonly progress: (line: string) => void
}

/**
 * Measures the runbook's way and Rollgate's against one simulated project, in one run, round by round
 * in turn. Builds take no time, so that what is measured is the asking. Returns what to print.
 */
export async function benchVercel(bench: VercelBench): Promise<string> {
  const place = await createVercelProject(bench)
  try {
    const measured = await measure(bench, place)
    const said = `Simulated API with ${bench.latencyMs} ms a request, builds that take no time, ${bench.rounds} rounds.`
    return `${said}\n\n${vercelText(measured)}`
  } finally {
    await place.close()
  }
}

async function measure({ rounds, progress }: VercelBench, place: VercelPlace) {
  const taken: Record<string, Measured[]> = {}
  // The first round fills the caches, of the CLI too, and counts for nothing.
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of VERCEL_WAYS) {
      const measured = await vercelWays[name](place)
      if (round > 0) taken[name] = [...(taken[name] ?? []), measured]
    }
    progress(`  round ${round} of ${rounds}`)
  }
  return taken
}
