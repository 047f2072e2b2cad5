import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FileProvider } from '@actions/workflow-parser/workflows/file-provider'
import type { Origin } from './actions.ts'
import { JobFailure } from './records.ts'
import { readWorkflow, type WorkflowFile } from './workflow-file.ts'

/** Folders that stand for repositories. */
export type Homes = Readonly<Record<string, string>>

export interface Callee {
  readonly file: WorkflowFile
  readonly origin: Origin
}

/**
 * The workflow that a job's `uses` names, and where it lies.
 * @throws JobFailure when it is nowhere, WorkflowInvalid when it is wrong
 */
export async function readCallee(uses: string, caller: Origin, homes: Homes): Promise<Callee> {
  const { origin, file } = locate(uses, caller, homes)
  return { origin, file: await readWorkflowIn(origin, file, homes) }
}

function locate(uses: string, caller: Origin, homes: Homes) {
  const [, near] = /^(?:\.|\$)\/(.+)$/u.exec(uses) ?? []
  if (near !== undefined) return { origin: caller, file: near }
  const [, repository = '', file = '', sha = ''] = /^([^/@]+\/[^/@]+)\/(.+)@(.+)$/u.exec(uses) ?? []
  const home = homes[repository]
  if (home === undefined)
    throw new JobFailure(`error parsing called workflow "${uses}": workflow was not found.`)
  return { origin: { repository, folder: home, actions: home, sha }, file }
}

const known = new Map<string, Promise<WorkflowFile>>()

/** A workflow of a repository, validated with the workflows that it calls. @throws WorkflowInvalid */
export async function readWorkflowIn(
  origin: Origin,
  file: string,
  homes: Homes
): Promise<WorkflowFile> {
  const content = await contentOf(origin, file)
  const key = `${origin.folder}\n${file}\n${content}`
  const callees: FileProvider = {
    getFileContent: async wanted => {
      const place = placeOf(wanted, origin, homes)
      return { name: place.file, content: await contentOf(place.origin, place.file) }
    }
  }
  const found = known.get(key) ?? readWorkflow(file, content, callees)
  known.set(key, found)
  return found
}

function placeOf(
  wanted: Parameters<FileProvider['getFileContent']>[0],
  origin: Origin,
  homes: Homes
) {
  if (!('owner' in wanted)) return { origin, file: wanted.path }
  const { owner, repository, path: file, version } = wanted
  return locate(`${owner}/${repository}/${file}@${version}`, origin, homes)
}

async function contentOf({ folder, repository }: Origin, file: string): Promise<string> {
  return readFile(path.join(folder, file), 'utf8').catch(() => {
    throw new JobFailure(
      `error parsing called workflow "${repository}/${file}": workflow was not found.`
    )
  })
}
