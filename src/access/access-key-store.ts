import { bytes, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import { userColumns, userOf, type User } from './user-store.ts'

/** An access key as stored: its secret is sealed under the master key. */
export interface StoredAccessKey {
  readonly id: string
  readonly sealedSecret: Uint8Array
  /** Of a closed account no key is. */
  readonly isActive: boolean
  readonly user: User
}

export async function insertAccessKey(
  tx: SqlWriter,
  key: { readonly id: string; readonly userId: string; readonly sealedSecret: Uint8Array },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO access_keys (id, user_id, secret, status, created_at) VALUES ($1, $2, $3, 'Active', $4)`,
    [key.id, key.userId, key.sealedSecret, now.getTime()],
  )
}

export async function findAccessKey(
  reader: SqlReader,
  id: string,
): Promise<StoredAccessKey | undefined> {
  const row = await reader.first(
    `SELECT k.id AS key_id, k.secret, k.status, a.state, ${userColumns}
     FROM access_keys k JOIN users u ON u.id = k.user_id JOIN accounts a ON a.id = u.account
     WHERE k.id = $1`,
    [id],
  )
  if (row === undefined) return undefined
  return {
    id: text(row, 'key_id'),
    sealedSecret: bytes(row, 'secret'),
    isActive: text(row, 'status') === 'Active' && text(row, 'state') === 'active',
    user: userOf(row),
  }
}
