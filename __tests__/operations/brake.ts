/** Where a process is stopped: at its n-th side effect, before it happens or before its answer. */
export interface Stop {
  readonly n: number
  readonly when: 'before' | 'after'
}

/** Counts the side effects of one process and stops it at one of them, for good or until told. */
export interface Brake {
  /** The side effects that were begun, in order. */
  readonly effects: readonly string[]
  /** Resolves when the process stands still. */
  readonly stopped: Promise<void>
  /** Lets it go on. Never called, it was killed there. */
  release(): void
  pass<T>(name: string, effect: () => Promise<T>): Promise<T>
}

export function createBrake(stop?: Stop): Brake {
  const effects: string[] = []
  const standing = deferred()
  const going = deferred()
  const hold = (n: number, when: Stop['when']): Promise<void> => {
    if (stop?.n !== n || stop.when !== when) return Promise.resolve()
    standing.resolve()
    return going.promise
  }
  return {
    effects,
    stopped: standing.promise,
    release: going.resolve,
    pass: async (name, effect) => {
      const n = effects.push(name)
      await hold(n, 'before')
      const result = await effect()
      await hold(n, 'after')
      return result
    }
  }
}

/** Stops at the first effect of that name. */
export function createBrakeAt(name: string, when: Stop['when']): Brake {
  const inner = createBrake({ n: 1, when })
  return {
    ...inner,
    pass: (effect, work) => (effect === name ? inner.pass(effect, work) : work())
  }
}

function deferred() {
  let resolve = (): void => undefined
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}
