import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cliEnvironment } from '../../src/vercel/command-line.ts'
import { REAL_CLI } from './cli-under-test.ts'
import { TOKEN, type VercelWorld } from './world.ts'

export interface RunByHand {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The real CLI against the simulator, as somebody types it; the text is on its standard input. */
export async function vercelByHand(
  { folder, simulator }: Pick<VercelWorld, 'folder' | 'simulator'>,
  args: readonly string[],
  input = ''
): Promise<RunByHand> {
  const { url, identity } = simulator
  const config = join(folder, 'by-hand')
  await mkdir(config, { recursive: true })
  await writeFile(join(config, 'config.json'), JSON.stringify({ api: url }))
  const baseEnv = { PATH: process.env['PATH'] ?? '', HOME: folder, NO_PROXY: '127.0.0.1' }
  const [node = '', ...entry] = REAL_CLI
  const { teamId, projectId } = identity
  const env = cliEnvironment({ token: TOKEN, teamId, projectId, baseEnv })
  const options = { cwd: join(folder, 'site'), env, timeout: 20_000 }
  return new Promise(resolve => {
    const child = execFile(
      node,
      [...entry, ...args, '-Q', config],
      options,
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        resolve({ stdout, stderr, exitCode: typeof code === 'number' ? code : 1 })
      }
    )
    child.stdin?.end(input)
  })
}
