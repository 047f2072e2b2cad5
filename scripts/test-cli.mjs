/** Runs the tests that need the real Vercel CLI, with a CLI and a Node of choice; --help says how. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { env } from 'node:process'
import { parseArgs } from 'node:util'

const HELP = `npm run test:cli -- [--cli 60.1.3] [--node 24]

Runs the contracts of flags and deployments and every test of the real \`vercel\` against the simulated
API. What is named is installed into a private temporary folder, which is removed afterwards.

  --cli   a version of the npm package vercel; the one of the devDependencies unless told
  --node  a version of Node, as 24 or 20.19.0, for tests and CLI; the present one unless told`

/** Jest patterns of the suites that run the command line, or keep the contracts it is held to. */
const SUITES = [
  '__tests__/contracts/vercel-',
  '__tests__/rehearsal/vercel-',
  '__tests__/vercel/',
  '__tests__/faults/real-cli'
]

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    cli: { type: 'string' },
    node: { type: 'string' }
  }
})

if (values.help) console.log(HELP)
else await run()

async function run() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rollgate-cli-'))
  try {
    await install(folder)
    const node = await nodeIn(folder)
    const cli = values.cli && path.join(folder, 'node_modules/vercel/dist/vc.js')
    process.exitCode = await start(
      node,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        ...SUITES
      ],
      { ROLLGATE_TEST_NODE: node, ...(cli ? { ROLLGATE_TEST_CLI: cli } : {}) }
    )
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
    process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
async function install(folder) {
  const dependencies = {
    ...(values.cli ? { vercel: values.cli } : {}),
    ...(values.node ? { [nodePackage()]: values.node } : {})
  }
  if (Object.keys(dependencies).length === 0) return
  const { overrides } = JSON.parse(await readFile('package.json', 'utf8'))
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies, overrides })
  )
  // The native binary of the CLI is optional, large, and switched off by Rollgate.
  const flags = [
    '--omit=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error'
  ]
  const code = await start('npm', ['install', '--prefix', folder, ...flags], {})
  if (code !== 0) throw new Error(`npm install ended with ${code}`)
}

/** The package of this platform that holds Node itself. */
function nodePackage() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
}

/** @param {string} folder */
async function nodeIn(folder) {
  if (!values.node) return process.execPath
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  return path.join(folder, 'node_modules', nodePackage(), 'bin', name)
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} environment
 * @returns {Promise<number>}
 */
function start(command, args, environment) {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: 'inherit', env: { ...env, ...environment } })
      .on('error', reject)
      .on('close', code => resolve(code ?? 1))
  })
}
