import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, jest, test } from '@jest/globals'
import { rollback } from '../../src/operations/rollback.ts'
import { advance, type Outside, openOutside, productionOnly } from './outside.ts'

// Runs of the real CLI, one after the other.
jest.setTimeout(120_000)

const CLI = join(process.cwd(), 'node_modules/vercel/dist/vc.js')

let outside: Outside
let folder: string
afterEach(async () => {
  await outside.close()
  await rm(folder, { recursive: true, force: true })
})

/** What a person is told to type when a rollback failed, typed. */
async function typeIt(body: string): Promise<void> {
  const [, commands = ''] = /```sh\n([\s\S]*?)\n```/u.exec(body) ?? []
  folder = await mkdtemp(join(tmpdir(), 'rollgate-by-hand-'))
  const { simulator, secrets } = outside
  const config = join(folder, 'data', 'com.vercel.cli')
  const site = join(folder, 'site')
  await mkdir(config, { recursive: true })
  await mkdir(site)
  await writeFile(join(config, 'config.json'), JSON.stringify({ api: simulator.url }))
  await writeFile(join(site, 'index.html'), 'shop')
  const shim = `vercel() { "${process.execPath}" "${CLI}" "$@"; }`
  await promisify(execFile)('bash', ['-euc', `${shim}\n${commands}`], {
    cwd: site,
    timeout: 60_000,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      NO_PROXY: '127.0.0.1',
      NO_UPDATE_NOTIFIER: '1',
      VERCEL_TELEMETRY_DISABLED: '1',
      VERCEL_CLI_USE_NATIVE_BINARY: '0',
      VERCEL_TOKEN: secrets[0] ?? '',
      VERCEL_ORG_ID: simulator.identity.teamId,
      VERCEL_PROJECT_ID: simulator.identity.projectId
    }
  })
}

test.each([
  { target: 'production', edit: productionOnly },
  { target: 'preview', edit: (text: string) => text }
])(
  'T9: the commands to finish a rollback of $target by hand do it, as they are printed',
  async ({ target, edit }) => {
    outside = await openOutside({ edit })
    await advance(outside)
    const { simulator, people } = outside
    simulator.failNextBuild('out of memory')
    await expect(rollback(outside.process(), 'customers complain')).rejects.toMatchObject({
      code: 'deploy_failed'
    })
    simulator.setFlagByHand(target, 'FEATURE', 'true')
    simulator.weather.readyAfterReads = 1

    await typeIt(people.announcements.at(-1)?.body ?? '')

    expect(simulator.valueOf(target, 'FEATURE')).toBe('false')
    expect(simulator.live(target)?.env).toMatchObject({ FEATURE: 'false', LIMIT: '0' })
    expect(simulator.live(target)?.meta['rollgate']).toBeUndefined()
    const newer = simulator.deployByHand(target)
    expect(simulator.live(target)?.id).toBe(newer.id)
    expect(simulator.violations).toEqual([])
  }
)
