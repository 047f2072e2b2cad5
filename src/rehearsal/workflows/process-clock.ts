/**
 * Loaded before everything else in the processes of a rehearsed workflow: the time they see, and the
 * time they wait for, is the rehearsal's. Libraries keep their own timers.
 */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

// What it needs comes with its own address: the environment belongs to the process.
const { searchParams } = new URL(import.meta.url)
const file = searchParams.get('file')
const url = searchParams.get('url')
if (file !== null && url !== null) install(file, url)

function install(clockFile: string, clockUrl: string): void {
  const now = (): number => Number(readFileSync(clockFile, 'latin1'))
  const RealDate = Date
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key))
  })
  timers.setTimeout = async (ms, value, options) => {
    await sleep(clockUrl, ms ?? 0, options?.signal)
    return value as never
  }
  syncBuiltinESMExports()
}

/** Asks the machine to let that much virtual time pass. */
function sleep(clockUrl: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const given = signal === undefined ? {} : { signal }
    const asked = request(`${clockUrl}?ms=${ms}`, { method: 'POST', agent: false, ...given })
    asked.once('error', reject)
    asked.once('response', response => {
      response.resume().once('end', resolve)
    })
    asked.end()
  })
}
