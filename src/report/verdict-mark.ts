import type { Verdict } from '../verdict/verdict.ts'

/** The only signs in any report that are not words. */
const MARKS: Readonly<Record<Verdict, string>> = {
  pass: '✅',
  warn: '⚠️',
  red: '🛑',
  insufficient: '⏳',
  error: '❌'
}

/** "✅ pass": the mark never stands without its word. */
export function verdictText(verdict: Verdict): string {
  return `${MARKS[verdict]} ${verdict}`
}
