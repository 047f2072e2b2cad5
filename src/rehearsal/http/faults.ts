/** What happens to a matching request instead of, or after, its effect. */
export interface Fault {
  readonly method?: string
  readonly path: RegExp
  /** Tested on the body as JSON text, where one path serves everything. */
  readonly body?: RegExp
  /** How many matching requests it hits; 1 unless told. */
  readonly times?: number
  /** `before` (unless told): the effect does not happen. */
  readonly when?: 'before' | 'after'
  readonly effect:
    | {
        readonly kind: 'answer'
        readonly status: number
        readonly body?: unknown
        readonly headers?: Readonly<Record<string, string>>
      }
    /** The connection ends without an answer. */
    | { readonly kind: 'drop' }
    /** A 200 whose body is no JSON. */
    | { readonly kind: 'garble' }
    /** Real time passes, then everything is as usual. */
    | { readonly kind: 'delay'; readonly ms: number }
    /** The answer waits for that, then everything is as usual. */
    | { readonly kind: 'wait'; readonly until: Promise<unknown> }
}

export interface Faults {
  inject(fault: Fault): void
  /** From now on nothing is wrong any more. */
  clear(): void
  /** The fault that hits this request, used up by that. */
  take(method: string, path: string, body?: unknown): Fault | undefined
}

/** No faults yet; the one injected first hits first. */
export function createFaults(): Faults {
  const waiting: { readonly fault: Fault; left: number }[] = []
  return {
    inject: fault => {
      waiting.push({ fault, left: fault.times ?? 1 })
    },
    clear: () => {
      waiting.length = 0
    },
    take: (method, path, body) => {
      const hit = waiting.find(
        ({ fault, left }) =>
          left > 0 &&
          (fault.method ?? method) === method &&
          fault.path.test(path) &&
          (fault.body?.test(JSON.stringify(body ?? '')) ?? true)
      )
      if (hit) hit.left -= 1
      return hit?.fault
    }
  }
}

/** Counts mutating requests and lets one of them hang for ever, as a crash would. */
export interface Freezer {
  readonly frozen: Promise<void>
  count(): number
  at(n: number, when: 'before' | 'after'): void
  /** Registers one mutating request; says where it is to hang, if it is. */
  register(): 'before' | 'after' | undefined
  hang(): Promise<never>
}

/** A freezer that lets everything pass. */
export function createFreezer(): Freezer {
  let announce = (): void => undefined
  const frozen = new Promise<void>(resolve => {
    announce = resolve
  })
  let count = 0
  let plan: { readonly n: number; readonly when: 'before' | 'after' } | undefined
  return {
    frozen,
    count: () => count,
    at: (n, when) => {
      plan = { n, when }
    },
    register: () => {
      count += 1
      return plan?.n === count ? plan.when : undefined
    },
    hang: () => {
      announce()
      return new Promise<never>(() => undefined)
    }
  }
}
