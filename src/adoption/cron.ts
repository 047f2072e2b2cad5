/**
 * A cron expression that wakes the monitor twice an hour. The minutes are odd, no multiple of five,
 * away from the full and the half hour, and follow from the repository's name: GitHub's busiest minutes are left out, not every repository
 * fires at once, and the same repository always gets the same ones.
 */
export function wakeUpCron(repository: string): string {
  const minute = MINUTES[hash(repository.toLowerCase()) % MINUTES.length] ?? 7
  return `${minute},${minute + 30} * * * *`
}

const MINUTES = [7, 9, 11, 13, 17, 19, 21, 23, 27, 29] as const

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x0100_0193) >>> 0, 0x811c_9dc5)
}
