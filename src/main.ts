import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { carryOut } from './carry-out.ts'
import { toFailure } from './failure.ts'
import { createJob } from './github/job.ts'
import { INPUT_NAMES, type InputName, OUTPUT_NAMES, parseInputs } from './inputs.ts'
import type { Performed } from './operations/perform.ts'
import type { Surroundings } from './production.ts'
import { annotate } from './report/annotation.ts'
import { renderFailure } from './report/failure.ts'
import { failsJob } from './rollout/exit-code.ts'
import { secretsIn } from './secrets.ts'

const { env } = process
const job = createJob(Boolean(env['GITHUB_STEP_SUMMARY']))

/** The action: reads its inputs, performs one operation, writes summary and outputs whatever happens. */
async function run(): Promise<void> {
  const raw = readInputs()
  const credentials = [
    raw['vercel-token'],
    raw['vercel-bypass'],
    raw['database-url'],
    raw['github-token']
  ]
  for (const secret of secretsIn(credentials)) job.mask(secret)
  const operation = raw.operation || 'rollgate'
  try {
    await publish(operation, await act(raw))
  } catch (error) {
    await publishFailure(operation, error)
  }
}

async function act(raw: Readonly<Record<InputName, string>>): Promise<Performed> {
  const inputs = parseInputs(raw)
  const scratch = await mkdtemp(path.join(env['RUNNER_TEMP'] || os.tmpdir(), 'rollgate-'))
  try {
    return await carryOut(inputs, surroundings(scratch))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function readInputs(): Record<InputName, string> {
  const entries = INPUT_NAMES.map(name => [name, job.input(name)])
  const inputs = Object.fromEntries(entries)
  return { ...inputs, 'vercel-api-url': inputs['vercel-api-url'] || env['VERCEL_API_URL'] || '' }
}

function surroundings(scratch: string): Surroundings {
  const { log, announcer } = job
  return {
    place: 'action',
    actor: {
      by: env['GITHUB_TRIGGERING_ACTOR'] || env['GITHUB_ACTOR'] || 'unknown',
      run: `${env['GITHUB_RUN_ID'] || '0'}-${env['GITHUB_RUN_ATTEMPT'] || '1'}`
    },
    log,
    announcer,
    home: fileURLToPath(new URL('..', import.meta.url)),
    scratch,
    env: env as Readonly<Record<string, string>>,
    mask: job.mask
  }
}

async function publish(
  operation: string,
  { exitCode, summary, outputs, result }: Performed
): Promise<void> {
  for (const name of OUTPUT_NAMES) job.output(name, outputs[name] ?? '')
  await job.summarise(summary)
  // A cause that was announced is not annotated again.
  for (const remark of annotate(operation, result).filter(({ level }) => !job.said.has(level))) {
    job.annotate(remark)
  }
  if (failsJob(operation, exitCode)) job.fail()
}

async function publishFailure(operation: string, error: unknown): Promise<void> {
  job.debug(String((error as Error)?.stack ?? error))
  const failure = toFailure(operation, error)
  const { code, message, remedy } = failure
  for (const name of OUTPUT_NAMES) {
    job.output(name, name === 'result' ? JSON.stringify({ version: 1, ...failure }) : '')
  }
  await job.summarise(renderFailure(failure))
  job.annotate({
    level: 'error',
    title: `${operation}: ${code}`,
    message: `${message}\n${remedy}`
  })
  job.fail()
}

await run()
