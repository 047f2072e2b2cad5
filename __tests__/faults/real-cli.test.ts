import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { createVercelCli, type VercelCli } from '../../src/vercel/command-line.ts'
import { productionOnly } from '../operations/outside.ts'
import { REAL_CLI } from '../vercel/cli-under-test.ts'
import { openApply } from './apply.ts'
import { testMatrix } from './matrix.ts'
import type { Account } from './operations.ts'
import { CHANGING, type Misfortune, once, type Step } from './trouble.ts'

const folder = await mkdtemp(join(tmpdir(), 'rollgate-real-cli-'))
// The CLI refuses to deploy the home folder itself.
const site = join(folder, 'site')
await mkdir(site)
await writeFile(join(site, 'index.html'), 'shop')
afterAll(() => rm(folder, { recursive: true }))

let runs = 0

/** A configuration folder of its own each time: what the CLI knows from an earlier run it does not ask again. */
function cli(account: Account): VercelCli {
  runs += 1
  return createVercelCli({
    ...account,
    command: REAL_CLI,
    cwd: site,
    configFolder: join(folder, `cli-${runs}`),
    baseEnv: { PATH: process.env['PATH'] ?? '', HOME: folder, NO_PROXY: '127.0.0.1' },
    limitMs: 60_000
  })
}

/** Each case costs a second or more; what the CLI asks several times for is asked for in vain by the stand-in. */
function misfortunes({ method }: Step): readonly Misfortune[] {
  return method === 'GET'
    ? [once('403'), once('garble')]
    : [...CHANGING.filter(({ span }) => span === 'once')]
}

await testMatrix({
  name: 'apply on production with the real CLI',
  open: () => openApply({ edit: productionOnly, cli }),
  only: ({ byCli }) => byCli,
  misfortunes
})
