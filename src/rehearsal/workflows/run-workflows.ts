import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { exitCodeOf } from '../../rollout/exit-code.ts'
import { createNarrator } from '../narrator.ts'
import { rehearsalDocument } from '../rehearsal-document.ts'
import { leaveResults, type RunSettings, replaceFolder } from '../run.ts'
import { SCENARIOS } from '../scenario.ts'
import { type Bill, billedMinutes } from './bill.ts'
import type { JobRun, WorkflowRun } from './records.ts'
import { rehearseWorkflows } from './rehearse-workflows.ts'
import { AUTUMN } from './weather.ts'
import { LEDGER_BRANCH, openWorkflowWorld, type WorkflowWorld } from './world.ts'

/**
 * Rehearses one scenario through the workflows as they are committed, cron as late and as
 * unreliable as it is: every step is a process of its own. Leaves the ledger branch as files and the
 * log of every run behind. Resolves to the exit code.
 */
export async function runWorkflowRehearsal(settings: RunSettings): Promise<number> {
  const scenario = SCENARIOS[settings.scenario]
  const folder = path.resolve(settings.output, settings.scenario)
  await replaceFolder(folder)
  const narrator = createNarrator(settings.json ? undefined : settings.stdout)
  narrator.opens(scenario)
  const world = await openWorkflowWorld({ ...settings, scenario, folder, weather: AUTUMN })
  try {
    const state = await rehearseWorkflows(world, scenario, narrator)
    await leaveResults(world.rehearsal, state, folder)
    await leaveLedger(world, folder)
    await leaveRuns(world, folder)
    const bill = world.machine.bill()
    const end = rehearsalDocument({ scenario: scenario.name, state, folder })
    const document = `${JSON.stringify({ ...end, workflows: bill }, null, 2)}\n`
    await writeFile(path.join(folder, 'result.json'), document)
    if (settings.json) settings.stdout.write(document)
    else settings.stdout.write(`\n${billText(bill)}\n`)
    narrator.closes(state, path.relative('.', folder) || '.')
    return exitCodeOf(state.status)
  } finally {
    await world.close()
  }
}

function billText({ runs, jobs, minutes, minutesByLabel }: Bill): string {
  const labels = Object.entries(minutesByLabel).map(([label, billed]) => `${billed} on ${label}`)
  return `${runs} runs, ${jobs} jobs, ${minutes} billed minutes (${labels.join(', ')})`
}

async function leaveLedger({ github }: WorkflowWorld, folder: string): Promise<void> {
  for (const file of await github.git.list(LEDGER_BRANCH)) {
    const place = path.join(folder, 'ledger', file)
    await mkdir(path.dirname(place), { recursive: true })
    await writeFile(place, (await github.git.read(LEDGER_BRANCH, file)) ?? '')
  }
}

async function leaveRuns({ machine }: WorkflowWorld, folder: string): Promise<void> {
  const place = path.join(folder, 'runs')
  await mkdir(place)
  for (const [index, run] of machine.runs.entries()) {
    const name = `${String(index + 1).padStart(4, '0')}-${run.file.replace(/\.ya?ml$/u, '')}.md`
    await writeFile(path.join(place, name), runText(run))
  }
}

function runText(run: WorkflowRun): string {
  const { name, event, actor, conclusion, startedMs, message, jobs } = run
  const head = `# ${name}: ${conclusion ?? run.status}\n\n${event} by ${actor}, ${iso(startedMs)}`
  const why = message === undefined ? '' : `\n\n${message}`
  return `${head}${why}\n${jobs.map(jobText).join('')}`
}

function jobText(job: JobRun): string {
  const { name, conclusion, startedMs, runsOn, steps, environment } = job
  const place = environment === undefined ? '' : `, environment ${environment}`
  const head = `\n## ${name}: ${conclusion ?? job.status}\n`
  if (startedMs === undefined) return head
  const facts = `\n${iso(startedMs)}, ${runsOn}${place}, billed ${billedMinutes(job)} min\n`
  const logs = steps.map(step => `\n### ${step.name}: ${step.outcome}\n\n~~~\n${step.log}\n~~~\n`)
  return `${head}${facts}${logs.join('')}${steps.map(({ summary }) => summary).join('\n')}`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
