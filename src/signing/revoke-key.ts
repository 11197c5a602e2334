import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import type { AuthorityDeps } from './authority-keys.ts'
import { signingError } from './errors.ts'
import { requireNamedKey } from './named-keys.ts'
import { findKeyRevocation, writeKeyRevocation } from './revocation-list-store.ts'
import { signRevocationLists } from './revocation-lists.ts'
import { faultOfRevocation } from './rules/revocable.ts'

/** What else is to happen in the transaction of a revocation. */
export type OnKeyRevoked = (
  tx: SqlWriter,
  key: {
    readonly account: AccountId
    /** DER, SubjectPublicKeyInfo. */
    readonly publicKey: Uint8Array
    readonly from: Date
    readonly by: string
  },
  now: Date,
) => Promise<void>

/**
 * What the key signed from that moment on counts no more, and it signs nothing from now on. For good; it may be repeated for an
 * earlier moment, else SIGNING_CONFLICT. SIGNING_KEY_UNKNOWN; SIGNING_INPUT_INVALID for a moment that has not come.
 */
export async function revokeNamedKey(
  deps: AuthorityDeps & { readonly database: Database; readonly onKeyRevoked: OnKeyRevoked },
  input: {
    readonly account: AccountId
    readonly name: string
    readonly from: Date
    readonly reason: string
    readonly by: string
  },
): Promise<void> {
  const { account, name, from, reason, by } = input
  await deps.database.transaction(async (tx) => {
    const key = await requireNamedKey(tx, account, name)
    const at = deps.clock.now()
    const earlier = await findKeyRevocation(tx, key.id)
    const fault = faultOfRevocation('key', from, { now: at, earlier })
    if (fault !== undefined) throw signingError(fault.code, fault.message)
    await writeKeyRevocation(tx, key.id, { from, at, by, reason })
    await signRevocationLists(deps, tx)
    await deps.onKeyRevoked(tx, { account, publicKey: key.publicKey, from, by }, at)
  })
}
