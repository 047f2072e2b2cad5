import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How long a process is given to end after SIGINT, and then after SIGTERM, in real ms. */
export interface Grace {
  readonly interruptMs: number
  readonly terminateMs: number
}

/** The runner's own. */
export const RUNNER_GRACE: Grace = { interruptMs: 7500, terminateMs: 2500 }

export interface StepProcess {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly line: (text: string) => void
  readonly cancelled: AbortSignal
  readonly grace: Grace
}

/** Runs a process to its end and says whether it ended well; cancelled, it is asked and then made to end. */
export async function runProcess(step: StepProcess): Promise<boolean> {
  const { command, args, cwd, env, line, cancelled, grace } = step
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  const timers: NodeJS.Timeout[] = []
  const cancel = (): void => {
    child.kill('SIGINT')
    const terminate = (): void => void child.kill('SIGTERM')
    timers.push(setTimeout(terminate, grace.interruptMs))
    timers.push(setTimeout(() => killAll(child.pid), grace.interruptMs + grace.terminateMs))
  }
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', line)
  }
  try {
    return await new Promise<boolean>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve(code === 0 && !cancelled.aborted))
      cancelled.addEventListener('abort', cancel, { once: true })
      if (cancelled.aborted) cancel()
    })
  } finally {
    cancelled.removeEventListener('abort', cancel)
    for (const timer of timers) clearTimeout(timer)
  }
}

/** Its children too: what they hold open would keep it from ever being over. */
function killAll(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // They have ended by themselves meanwhile.
  }
}
