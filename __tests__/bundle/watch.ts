import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import type { VercelSimulator } from '../../src/rehearsal/vercel/simulator.ts'
import { PROJECT } from './program.ts'

/** Written down for every child process of the bundle: how it is started, with what surroundings. */
const PRELOAD = `
import { ChildProcess } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { edgeUrl } from './src/rehearsal/vercel/edge.ts'
const here = name => new URL(name, import.meta.url)
const { spawn } = ChildProcess.prototype
ChildProcess.prototype.spawn = function (options) {
  const env = Object.fromEntries(options.envPairs.map(pair => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)]
  }))
  const line = { by: 'rollgate', argv: options.args, env, files: {} }
  appendFileSync(here('begun.jsonl'), JSON.stringify(line) + '\\n')
  return spawn.call(this, options)
}
const { url, identity } = JSON.parse(readFileSync(here('edge.json'), 'utf8'))
const { fetch } = globalThis
globalThis.fetch = (input, init) => {
  const { host, pathname, search } = new URL(input.url ?? input)
  const isSite = host.endsWith('.vercel.app')
  return fetch(isSite ? edgeUrl({ url, identity }, host) + pathname + search : input, init)
}`

/** The same as the command that is the CLI sees it, with every file of the temporary folder. */
const RECORDER = `
import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
const [command, ...args] = process.argv.slice(2)
const entries = readdirSync(process.env.TMPDIR, { recursive: true, withFileTypes: true })
const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => {
  const file = path.join(parentPath, name)
  return [path.relative(process.env.TMPDIR, file), readFileSync(file, 'latin1')]
})
const line = { by: 'watchdog', argv: process.argv, env: process.env, files: Object.fromEntries(files) }
appendFileSync(new URL('begun.jsonl', import.meta.url), JSON.stringify(line) + '\\n')
process.exitCode = spawnSync(command, args, { stdio: 'inherit' }).status ?? 1`

/** A process that was started: by the bundle, or by the one that the bundle starts. */
export interface Begun {
  readonly by: 'rollgate' | 'watchdog'
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What lay in the temporary folder while the CLI ran: relative name and text. */
  readonly files: Readonly<Record<string, string>>
}

/** Sees what a bundle starts, and leads its probes to the sites of a simulator; lies outside every stage. */
export interface Watch {
  /** Makes a bundle one that is watched. */
  readonly env: Readonly<Record<string, string>>
  /** To be given as the CLI in place of that command. */
  cli(command: string): string
  /** Before the first bundle starts. */
  leadTo(simulator: Pick<VercelSimulator, 'url' | 'identity'>): Promise<void>
  begun(): Promise<readonly Begun[]>
  close(): Promise<void>
}

export async function openWatch(): Promise<Watch> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-watch-')))
  const [preload, recorder, record] = ['preload.mjs', 'recorder.mjs', 'begun.jsonl'].map(name =>
    path.join(folder, name)
  ) as [string, string, string]
  buildSync({
    stdin: { contents: PRELOAD, resolveDir: PROJECT, loader: 'ts' },
    outfile: preload,
    bundle: true,
    platform: 'node',
    format: 'esm'
  })
  await Promise.all([writeFile(recorder, RECORDER), writeFile(record, '')])
  return {
    env: { NODE_OPTIONS: `--import "${preload}"` },
    cli: command => `"${process.execPath}" "${recorder}" "${command}"`,
    leadTo: ({ url, identity }) =>
      writeFile(path.join(folder, 'edge.json'), JSON.stringify({ url, identity })),
    begun: async () => {
      const lines = (await readFile(record, 'utf8')).split('\n').filter(Boolean)
      return lines.map(line => JSON.parse(line))
    },
    close: () => rm(folder, { recursive: true })
  }
}
