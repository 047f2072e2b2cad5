import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { validate } from '@actions/languageservice'
import {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow
} from '@actions/workflow-parser'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { parse } from 'yaml'

const WORKFLOWS = ['.github/workflows', 'workflows']
const ACTIONS = ['action.yml', 'action/action.yml']

/**
 * What GitHub would object to in the workflows, templates and actions of a checkout, one line each
 * with file, line and column.
 * @param {string} root
 * @returns {Promise<readonly string[]>}
 */
export async function findings(root) {
  const listed = await Promise.all(WORKFLOWS.map(folder => yamlFiles(root, folder)))
  const workflows = listed.flat()
  if (workflows.length === 0) return [`${root}: there are no workflows`]
  const files = fileProvider(root)
  const found = await Promise.all([
    ...workflows.map(file => parserFindings(root, file, files)),
    ...[...workflows, ...ACTIONS].map(file => serviceFindings(root, file, files))
  ])
  return [...new Set(found.flat())].sort()
}

/**
 * @param {string} root
 * @param {string} folder
 */
async function yamlFiles(root, folder) {
  const names = await readdir(path.join(root, folder))
  return names.filter(name => /\.ya?ml$/u.test(name)).map(name => `${folder}/${name}`)
}

/**
 * Files that workflows of this repository name with `./` or `$/`.
 * @param {string} root
 */
function fileProvider(root) {
  return {
    /** @param {import('@actions/workflow-parser/workflows/file-reference').FileReference} reference */
    async getFileContent(reference) {
      if ('owner' in reference) throw new Error(`${reference.path} lies in another repository`)
      const content = await readFile(path.join(root, reference.path), 'utf8')
      return { name: reference.path, content }
    }
  }
}

/**
 * @param {string} root
 * @param {string} file
 * @param {ReturnType<typeof fileProvider>} files
 */
async function parserFindings(root, file, files) {
  const content = await readFile(path.join(root, file), 'utf8')
  const { context, value } = parseWorkflow({ name: file, content }, new NoOperationTraceWriter())
  const errors = context.errors.getErrors().map(error => {
    const { line = 0, column = 0 } = error.range?.start ?? {}
    return `${file}:${line}:${column}: ${error.rawMessage}`
  })
  if (value === undefined || errors.length > 0) return errors
  const template = await convertWorkflowTemplate(context, value, files, {
    fetchReusableWorkflowDepth: 1,
    errorPolicy: 1
  })
  return (template.errors ?? []).map(({ Message }) => `${file}: ${Message}`)
}

/**
 * @param {string} root
 * @param {string} file
 * @param {ReturnType<typeof fileProvider>} files
 */
async function serviceFindings(root, file, files) {
  const content = await readFile(path.join(root, file), 'utf8')
  const uri = pathToFileURL(path.join(root, file)).href
  const document = TextDocument.create(uri, 'yaml', 1, content)
  const actionsMetadataProvider = { fetchActionMetadata: metadataOf(root) }
  const diagnostics = await validate(document, { fileProvider: files, actionsMetadataProvider })
  return diagnostics.map(
    ({ range, message }) =>
      `${file}:${range.start.line + 1}:${range.start.character + 1}: ${message}`
  )
}

/** Inputs that the workflows may give to actions of others; without a network nobody can be asked. */
const FOREIGN = {
  'actions/checkout': ['persist-credentials'],
  'actions/setup-node': ['node-version', 'package-manager-cache']
}

/**
 * The templates name this very action as another repository's.
 * @param {string} root
 */
function metadataOf(root) {
  /** @param {{ readonly owner: string, readonly name: string }} action */
  return async ({ owner, name }) => {
    const action = `${owner}/${name}`
    if (action === 'OWNER/rollgate') {
      return parse(await readFile(path.join(root, 'action.yml'), 'utf8'))
    }
    const known = Object.entries(FOREIGN).find(([foreign]) => foreign === action)
    if (known === undefined) return undefined
    const inputs = known[1].map(input => [input, { description: input }])
    return { name: action, description: action, inputs: Object.fromEntries(inputs) }
  }
}
