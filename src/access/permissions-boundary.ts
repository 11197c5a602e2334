import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { requireBoundary } from './require-boundary.ts'

/** A user or a role: how it is found, or refused, and where its boundary is kept. */
export interface BoundaryOwner {
  readonly find: (
    reader: SqlReader,
  ) => Promise<{ readonly id: string; readonly account: AccountId }>
  readonly put: (tx: SqlWriter, id: string, boundaryArn: string | undefined) => Promise<void>
}

/** The most that a user's or role's own policies can allow; undefined takes the boundary away. */
export async function putBoundary(
  deps: { readonly database: Database },
  input: { readonly owner: BoundaryOwner; readonly boundaryArn: string | undefined },
): Promise<void> {
  const { owner, boundaryArn } = input
  await deps.database.transaction(async (tx) => {
    const { id, account } = await owner.find(tx)
    if (boundaryArn !== undefined) await requireBoundary(tx, account, boundaryArn)
    await owner.put(tx, id, boundaryArn)
    await bumpPolicyEpoch(tx)
  })
}
