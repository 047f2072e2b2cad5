/**
 * Writes what follows from other files, in the folder it is started in: the tables of README.md and
 * schema/rollout.schema.json. With --check it writes nothing and names what is stale.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { parse } from 'yaml'

/** @typedef {{ description: string, required?: boolean, default?: string }} Entry */

const { check } = parseArgs({ options: { check: { type: 'boolean' } } }).values

/** @type {Readonly<Record<string, () => Promise<string>>>} */
const GENERATED = { 'README.md': readme, 'schema/rollout.schema.json': schema }

for (const [file, generate] of Object.entries(GENERATED)) {
  try {
    await bring(file, await generate())
  } catch (error) {
    complain(`${file}: ${/** @type {Error} */ (error).message}`)
  }
}

/** @param {string} file @param {string} wanted */
async function bring(file, wanted) {
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === wanted) return
  if (check) return complain(`${file} is stale. Run: npm run docs`)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, wanted)
  console.log(`${file} written`)
}

/** @param {string} problem */
function complain(problem) {
  console.error(problem)
  process.exitCode = 1
}

async function readme() {
  const text = await readFile('README.md', 'utf8')
  const { inputs, outputs } = parse(await readFile('action.yml', 'utf8'))
  const withInputs = replaced(text, 'inputs', inputsTable(inputs))
  const withOutputs = replaced(withInputs, 'outputs', outputsTable(outputs))
  return withOutputs.includes(opening('commands'))
    ? replaced(withOutputs, 'commands', commandsTable())
    : withOutputs
}

/** @param {string} name */
function opening(name) {
  return `<!-- ${name} -->`
}

/** @param {string} text @param {string} name @param {string} table */
function replaced(text, name, table) {
  const [before, rest] = halves(text, opening(name))
  const [, after] = halves(rest, '<!-- end -->')
  return `${before}${opening(name)}\n\n${table}\n\n<!-- end -->${after}`
}

/** @param {string} text @param {string} mark @returns {readonly [string, string]} */
function halves(text, mark) {
  const at = text.indexOf(mark)
  if (at < 0) throw new Error(`${mark} is missing`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}

/** @param {Record<string, Entry>} inputs */
function inputsTable(inputs) {
  const rows = Object.entries(inputs).map(([name, { description, required, default: preset }]) => [
    `\`${name}\``,
    description,
    required ? 'required' : preset === undefined ? '' : `\`${preset}\``
  ])
  return table(['Input', 'What it is', 'Default'], rows)
}

/** @param {Record<string, Entry>} outputs */
function outputsTable(outputs) {
  const rows = Object.entries(outputs).map(([name, { description }]) => [
    `\`${name}\``,
    description
  ])
  return table(['Output', 'What it is'], rows)
}

function commandsTable() {
  const help = execFileSync(process.execPath, ['dist/cli.js', '--help'], { encoding: 'utf8' })
  const [, section = ''] = /^Commands:\n([\s\S]*?)\n\n/mu.exec(help) ?? []
  // A long description goes on, further indented, on the next line.
  const lines = section.replaceAll(/\n {4,}/gu, ' ').split('\n')
  const rows = lines.flatMap(line => {
    const [, name = '', description = ''] = /^ {2}(\S+)(?: \[\S+\])* +(\S.*)$/u.exec(line) ?? []
    return name === 'help' ? [] : [[`\`rollgate ${name}\``, description]]
  })
  return table(['Command', 'What it does'], rows)
}

/** @param {readonly string[]} header @param {readonly (readonly string[])[]} rows */
function table(header, rows) {
  const lines = [header, header.map(() => '---'), ...rows].map(
    cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  )
  return lines.join('\n')
}

async function schema() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-docs-'))
  try {
    const outfile = path.join(folder, 'schema.mjs')
    const entryPoints = ['src/rollout/definition-schema.ts']
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm' })
    const { definitionJsonSchema } = await import(pathToFileURL(outfile).href)
    return `${JSON.stringify(definitionJsonSchema(), null, 2)}\n`
  } finally {
    await rm(folder, { recursive: true })
  }
}
