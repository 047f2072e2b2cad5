import type { Connection, ServerAnswer } from './connection.ts'

const PAGE_BYTES = 1_000_000
const FIRST_PAGE = 10
const LARGEST_PAGE = 1000
/** Long rows may follow short ones, so that a page is trusted to foretell little more than itself. */
const GROWTH = 10

/**
 * Reads the cursor `look` to its end, or until `take` has enough, in pages of about a megabyte: what is
 * in memory at a time does not grow with the answer, nor with the length of its rows.
 */
export async function fetchPages(
  connection: Connection,
  beforeEach: () => Promise<void>,
  take: (page: ServerAnswer) => boolean
): Promise<void> {
  for (let size = FIRST_PAGE, wantsMore = true; wantsMore; ) {
    await beforeEach()
    const page = await connection.query(`fetch ${size} from look`)
    wantsMore = take(page) && page.rows.length === size
    size = nextSize(size, page)
  }
}

function nextSize(size: number, { rows, bytes }: ServerAnswer): number {
  const fitting = Math.floor((PAGE_BYTES * rows.length) / Math.max(bytes, 1))
  return Math.max(1, Math.min(fitting, size * GROWTH, LARGEST_PAGE))
}
