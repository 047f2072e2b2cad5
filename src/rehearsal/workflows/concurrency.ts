/** What a `concurrency:` comes to once it is evaluated. */
export interface GroupWish {
  readonly group: string
  readonly cancelInProgress: boolean
  readonly queue: 'single' | 'max'
}

/** Somebody who wants to be in a group. */
export interface Member {
  /** Asked to end by somebody newer. */
  cancel(reason: string): void
}

/** Concurrency groups of one repository, across all its workflows. */
export interface Groups {
  /** Resolves to true when it is this member's turn, to false when it was cancelled while it waited. */
  enter(wish: GroupWish, member: Member): Promise<boolean>
  /** Ends the membership, waiting or not. */
  leave(wish: GroupWish, member: Member): void
}

const QUEUE_LIMIT = 100

interface Group {
  inside: Member | undefined
  readonly queue: { readonly member: Member; readonly resolve: (turn: boolean) => void }[]
}

export function createGroups(): Groups {
  const groups = new Map<string, Group>()
  const groupOf = ({ group }: GroupWish): Group => {
    const key = group.toLowerCase()
    const found = groups.get(key) ?? { inside: undefined, queue: [] }
    groups.set(key, found)
    return found
  }
  return {
    enter: (wish, member) => {
      const group = groupOf(wish)
      if (group.inside === undefined) {
        group.inside = member
        return Promise.resolve(true)
      }
      const newer = `Canceling since a higher priority waiting request for ${wish.group} exists`
      if (wish.queue === 'single') {
        for (const { member: older } of [...group.queue]) older.cancel(newer)
      }
      if (wish.cancelInProgress) group.inside.cancel(newer)
      if (group.queue.length >= QUEUE_LIMIT) return Promise.resolve(false)
      return new Promise(resolve => group.queue.push({ member, resolve }))
    },
    leave: (wish, member) => {
      const group = groupOf(wish)
      const place = group.queue.findIndex(waiting => waiting.member === member)
      if (place !== -1) {
        const [gone] = group.queue.splice(place, 1)
        gone?.resolve(false)
      }
      if (group.inside !== member) return
      const next = group.queue.shift()
      group.inside = next?.member
      next?.resolve(true)
    }
  }
}
