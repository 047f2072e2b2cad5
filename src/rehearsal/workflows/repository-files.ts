import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Answers } from '../../adoption/answers.ts'
import { METRICS_FOLDER } from '../../adoption/metric-files.ts'
import { WORKFLOWS, type WorkflowTemplates, workflowFiles } from '../../adoption/workflow-files.ts'
import type { Definition } from '../../rollout/definition.ts'

/** The repository that stands for Rollgate's own, and the commit that workflows use it at. */
export const ROLLGATE = 'rollgate/rollgate'
const COMMIT = '5'.repeat(40)

/** What people call the definition in the rehearsed repository. */
export const DEFINITION_PATH = 'rollouts/rehearsed.yml'

export interface RepositoryRequest {
  readonly home: string
  /** `acme/shop` */
  readonly repository: string
  readonly definition: Definition
  readonly definitionFile: string
}

/**
 * The files of a repository that has adopted Rollgate: its templates as `rollgate init` fills them
 * in, the definition to be rehearsed, and an application with its flags off.
 */
export async function repositoryFiles(
  request: RepositoryRequest
): Promise<Readonly<Record<string, string>>> {
  const { home, definition } = request
  const templates = await readTemplates(home)
  const workflows = workflowFiles(answersFor(request), templates, {
    timers: false,
    definitions: [DEFINITION_PATH]
  })
  const flags = Object.entries(definition.rollback.flags).map(([name, value]) => `${name}=${value}`)
  const example = definition.graduation?.envExample
  return {
    // Rollgate's own metrics are all that the rehearsed definition names.
    ...Object.fromEntries(workflows.map(file => [file.path, withoutOwnMetrics(file.text)])),
    [DEFINITION_PATH]: await readFile(request.definitionFile, 'utf8'),
    'index.html': '<title>Bookings</title>\n',
    ...(example === undefined ? {} : { [example]: `${flags.join('\n')}\n` })
  }
}

function withoutOwnMetrics(text: string): string {
  return text.replaceAll(`METRICS: ${METRICS_FOLDER}`, 'METRICS: ""')
}

async function readTemplates(home: string): Promise<WorkflowTemplates> {
  const texts = Object.entries(WORKFLOWS).map(async ([kind, file]) => [
    kind,
    await readFile(path.join(home, 'workflows', file), 'utf8')
  ])
  return Object.fromEntries(await Promise.all(texts))
}

function answersFor({ definition, repository }: RepositoryRequest): Answers {
  const [preview = 'staging', production = preview] = Object.values(definition.targets).map(
    ({ keys }) => keys
  )
  return {
    name: definition.name,
    owner: definition.owner,
    repository,
    flags: [],
    vercel: { orgId: '', projectId: '' },
    keys: { preview, production },
    databaseSecret: definition.database.secret,
    events: { source: '', start: '', good: [], bad: [], errors: [] },
    unitsPerDay: definition.unitsPerDay,
    soaks: [],
    gate: { mode: 'environment', reviewers: [] },
    timeZone: definition.timeZone,
    branch: 'main',
    action: `${ROLLGATE}@${COMMIT}`
  }
}
