import { closeSync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { VirtualClock } from '../virtual-clock.ts'
import type { Agenda } from './agenda.ts'

/** Tells the processes of a rehearsal the time, and lets it pass for those that wait. */
export interface ClockServer {
  /** What a process needs in its environment. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

export interface ClockServerParts {
  readonly clock: VirtualClock
  readonly agenda: Agenda
  /** Rewritten whenever the clock moves. */
  readonly file: string
  /** The bundled preload. */
  readonly preload: URL
}

export async function startClockServer(parts: ClockServerParts): Promise<ClockServer> {
  const { clock, agenda, file, preload } = parts
  const descriptor = openSync(file, 'w')
  // Always as long as before, so that no reader ever sees half an instant.
  const write = (ms: number): void =>
    void writeSync(descriptor, String(Math.trunc(ms)).padStart(15, '0'), 0)
  write(clock.now())
  let open = true
  clock.onAdvance(async nowMs => {
    if (open) write(nowMs)
  })

  const server = createServer((asked, answer) => {
    const ms = Number(new URL(asked.url ?? '', 'http://machine').searchParams.get('ms'))
    const absence = agenda.leave()
    const timer = agenda.at(clock.now() + ms, 'work', () => {
      absence.back()
      answer.writeHead(204).end()
    })
    // A process that has ended, or no longer wants to wait, is no reason to let time pass.
    answer.once('close', () => {
      timer.cancel()
      absence.back()
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const addressed = new URL(preload)
  addressed.searchParams.set('file', file)
  addressed.searchParams.set('url', `http://127.0.0.1:${port}/`)
  return {
    env: { NODE_OPTIONS: `--import=${addressed.href}` },
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => {
          open = false
          closeSync(descriptor)
          resolve()
        })
      })
  }
}
