import { spawn } from 'node:child_process'

/** Watches over a process that must not outlive this one. */
export interface Guardian {
  /** The process has ended in good order; nothing is left to guard. */
  release(): void
}

/**
 * `read` returns when the other end of the pipe is gone: after a crash and a SIGKILL too, when no
 * handler of this process would run.
 */
const SCRIPT = 'read released && exit; kill -INT "$1"; sleep 1; kill -KILL "$1"; rm -rf "$2"'

/** Ends process `pid` and removes `folder` as soon as this process is gone, however it went. */
export function guard(pid: number, folder: string): Guardian {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'guardian', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Out of our process group: Ctrl-C in a terminal must not end the guardian first.
    detached: true
  })
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  return { release: () => child.stdin.end('released\n') }
}
