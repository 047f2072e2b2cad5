import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { renderSummary } from '../report/summary.ts'
import { exitCodeOf } from '../rollout/exit-code.ts'
import { InputError } from '../rollout/rollgate-error.ts'
import type { State } from '../rollout/state.ts'
import { createNarrator, type Narrator } from './narrator.ts'
import { rehearsalDocument } from './rehearsal-document.ts'
import { type Onlooker, rehearse } from './rehearse.ts'
import { SCENARIOS, type ScenarioName } from './scenario.ts'
import { openRehearsalWorld, type RehearsalWorld } from './world.ts'

export interface RunSettings {
  readonly scenario: ScenarioName
  readonly definitionFile: string
  /** The scenario gets a folder of its own in it, which is replaced. */
  readonly output: string
  readonly seed: number
  readonly json: boolean
  readonly home: string
  readonly baseEnv: Readonly<Record<string, string>>
  readonly stdout: NodeJS.WriteStream
}

/**
 * Rehearses one scenario, telling it as it goes, and leaves summary, verification log, evidence,
 * ledger and the requests behind. Resolves to the exit code.
 */
export async function runRehearsal(settings: RunSettings): Promise<number> {
  const scenario = SCENARIOS[settings.scenario]
  const folder = path.resolve(settings.output, settings.scenario)
  await replaceFolder(folder)
  const narrator = createNarrator(settings.json ? undefined : settings.stdout)
  narrator.opens(scenario)
  const rehearsal = await openRehearsalWorld({ ...settings, scenario, folder })
  try {
    const onlooker = keepSummaries(narrator, rehearsal, folder)
    const state = await rehearse(rehearsal, scenario, onlooker)
    await leaveResults(rehearsal, state, folder)
    const document = rehearsalDocument({ scenario: scenario.name, state, folder })
    await writeFile(path.join(folder, 'result.json'), `${JSON.stringify(document, null, 2)}\n`)
    if (settings.json) settings.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    narrator.closes(state, path.relative('.', folder) || '.')
    return exitCodeOf(state.status)
  } finally {
    await rehearsal.close()
  }
}

/** Only a folder that an earlier rehearsal has made is ever removed. */
export async function replaceFolder(folder: string): Promise<void> {
  if (!(await isOurs(folder))) {
    throw new InputError(
      'output_in_use',
      `${folder} holds something that no rehearsal has made.`,
      'Name another folder with --output, or empty this one.'
    )
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'operations.log'), '')
}

async function isOurs(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined)
  if (found === undefined) return true
  if (!found.isDirectory()) return false
  const names = await readdir(folder)
  return names.length === 0 || names.includes('operations.log')
}

/** Evidence, verification log and ledger are there already; this adds what only the end shows. */
export async function leaveResults(
  { world, clock, vercel }: RehearsalWorld,
  state: State,
  folder: string
): Promise<void> {
  const now = new Date(clock.now()).toISOString()
  const requests = vercel.requests.map(
    ({ method, path: url, time }) => `${new Date(time).toISOString()} ${method} ${url}`
  )
  await writeFile(
    path.join(folder, 'summary.md'),
    renderSummary({ definition: world.definition, state, now })
  )
  await writeFile(path.join(folder, 'requests.log'), `${requests.join('\n')}\n`)
}

/** Keeps the summary that each checkpoint's run would have shown. */
function keepSummaries(narrator: Narrator, { world }: RehearsalWorld, folder: string): Onlooker {
  const { definition } = world
  mkdirSync(path.join(folder, 'summaries'))
  return {
    ...narrator,
    looked: (look, state) => {
      narrator.looked(look, state)
      const name =
        look.checkpoints.at(-1) ?? (look.decision === 'continue' ? undefined : 'sentinel')
      if (name === undefined) return
      const page = renderSummary({ definition, state, look, now: look.at })
      writeFileSync(path.join(folder, 'summaries', `${look.phase}-${name}.md`), page)
    }
  }
}
