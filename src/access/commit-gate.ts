import type { SqlReader } from '../storage/database/database.ts'
import { readPolicyEpoch } from './policy-epoch-store.ts'

/** Judges again, within the transaction that is to commit, what was judged at that epoch: nothing, while it is the same. */
export function commitGate(
  epoch: number,
  judgeAgain: () => Promise<void>,
): (tx: SqlReader) => Promise<void> {
  return async (tx) => {
    if ((await readPolicyEpoch(tx)) !== epoch) await judgeAgain()
  }
}
