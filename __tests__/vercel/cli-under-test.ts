import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const entry =
  process.env['ROLLGATE_TEST_CLI'] ?? join(process.cwd(), 'node_modules/vercel/dist/vc.js')

/**
 * Command and leading arguments of the `vercel` that the tests run: the one of the devDependencies on
 * the present Node, unless `ROLLGATE_TEST_CLI` names another `vc.js` and `ROLLGATE_TEST_NODE` another Node.
 */
export const REAL_CLI: readonly string[] = [
  process.env['ROLLGATE_TEST_NODE'] ?? process.execPath,
  entry
]

/** Its version, for the names of tests. */
export const CLI_VERSION: string = JSON.parse(
  readFileSync(join(dirname(entry), '../package.json'), 'utf8')
).version
