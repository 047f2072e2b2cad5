import type { Booking } from './booking.ts'
import { type Invocation, openScript, type Script, sayCreated } from './script.ts'

/** The life of a booking on the path that the rollout replaces. */
export function legacyLife(booking: Booking): readonly Invocation[] {
  const { stream, target, arrivedMs } = booking
  const script = openScript(booking, arrivedMs)
  sayCreated(booking, script)
  say(script, stream.whole(100, 500), 'started', { trigger: 'creation' })
  // 41 attempts for 27 bookings a day.
  const attempts = 1 + Number(stream.chance(0.38)) + Number(stream.chance(0.14))
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    say(script, stream.whole(150, 900), 'attempt', { attempt, trigger: 'creation' })
  }
  say(script, stream.whole(50, 300), 'quote', { attempts, tables: stream.whole(1, 3) })
  sayEnding(script, attempts, !stream.chance(0.06))
  return [{ target, atMs: arrivedMs, needsCoordinator: false, rows: script.rows }]
}

function sayEnding(script: Script, attempts: number, succeeded: boolean): void {
  if (succeeded) say(script, 120, 'succeeded', { attempts })
  else say(script, 120, 'failed', { attempts, reason: 'no_tables' }, 'warning')
  say(script, 5, 'summary', { attempts, result: succeeded ? 'succeeded' : 'failed' })
}

function say(
  script: Script,
  afterMs: number,
  name: string,
  context: Readonly<Record<string, unknown>>,
  severity: 'info' | 'warning' = 'info'
): void {
  script.say(afterMs, { source: 'auto_assign', type: `auto_assign.${name}`, severity, context })
}
