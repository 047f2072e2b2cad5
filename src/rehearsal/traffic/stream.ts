import { createHash } from 'node:crypto'

/** A reproducible sequence of draws: the same key gives the same sequence, on every machine. */
export interface Stream {
  /** From 0 to just below 1. */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  chance(share: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  /** How many of many rare things happen when `mean` do on average. */
  poisson(mean: number): number
  uuid(): string
}

/** Streams of different keys are independent. */
export function openStream(...key: readonly (string | number)[]): Stream {
  const word = smallFastCounter(createHash('sha256').update(key.join('/')).digest())
  const next = () => word() / 2 ** 32
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    whole,
    chance: share => next() < share,
    pick: items => items[whole(0, items.length - 1)] ?? items[0],
    poisson: mean => poisson(mean, next),
    uuid: () => uuid([word(), word(), word(), word()])
  }
}

/** sfc32: 128 bits of state, so that ids drawn from different streams do not meet. */
function smallFastCounter(seed: Buffer): () => number {
  let [a, b, c, count] = [0, 4, 8, 12].map(offset => seed.readUInt32LE(offset)) as [
    number,
    number,
    number,
    number
  ]
  return () => {
    const word = (a + b + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + word) | 0
    return word >>> 0
  }
}

// Knuth's product underflows for large means; a sum of small ones is the same distribution.
function poisson(mean: number, next: () => number): number {
  if (mean > 30) return poisson(30, next) + poisson(mean - 30, next)
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = next(); product > limit; product *= next()) count += 1
  return count
}

function uuid(words: readonly number[]): string {
  const hex = words.map(word => word.toString(16).padStart(8, '0')).join('')
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3]
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20)
  ].join('-')
}
