import type { SqlReader } from '../storage/database/database.ts'
import { readPolicyEpoch } from './policy-epoch-store.ts'

/** In the place of an epoch: nothing was settled yet, since what was asked for was not known. */
export const unsettled = -1

/**
 * Judges again, within the transaction that is to commit, what was judged at that epoch: nothing, while it is the same and the bytes
 * that have come tell nothing that policies may ask for.
 */
export function commitGate(
  epoch: number,
  judgeAgain: (artifactType: string | undefined) => Promise<void>,
): (tx: SqlReader, pushed?: { readonly artifactType: string | undefined }) => Promise<void> {
  return async (tx, { artifactType } = { artifactType: undefined }) => {
    const isNews = artifactType !== undefined || epoch === unsettled
    if (isNews || (await readPolicyEpoch(tx)) !== epoch) await judgeAgain(artifactType)
  }
}
