import { ProviderError, RollgateError } from '../rollout/rollgate-error.ts'

/** A foreseen failure passes; what the disk or git said becomes one. */
export async function told<T>(
  folder: string,
  code: 'ledger_unreadable' | 'ledger_unwritable',
  call: () => Promise<T>
): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (cause instanceof RollgateError) throw cause
    throw new ProviderError(
      code,
      `The ledger in ${folder} failed: ${(cause as Error).message}`,
      `Check the folder's permissions and free space, then run \`git -C ${folder} fsck\`.`,
      cause
    )
  }
}
