import {
  bytes,
  instant,
  instantOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { SealedSecret } from './rules/seal-secret.ts'
import { userColumns, userOf, type User } from './user-store.ts'

export type KeyStatus = 'Active' | 'Inactive'

/** An access key as stored: its secret is sealed under the master key. */
export interface StoredAccessKey {
  readonly id: string
  readonly sealedSecret: Uint8Array
  /** Of a closed account no key is. */
  readonly isActive: boolean
  /** Tokens of the key that were issued before open nothing. */
  readonly revokedBefore: Date | undefined
  readonly user: User
  readonly lastUse: KeyUse | undefined
}

export interface KeyUse {
  readonly at: Date
  /** Of a key that was used before this was kept: unknown. */
  readonly service: string | undefined
  readonly region: string | undefined
}

/** What may be told of a key. */
export interface AccessKeyMetadata {
  readonly id: string
  readonly status: KeyStatus
  readonly createdAt: Date
}

export async function insertAccessKey(
  tx: SqlWriter,
  key: { readonly id: string; readonly userId: string; readonly sealedSecret: SealedSecret },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO access_keys (id, user_id, secret, sealed_under, status, created_at)
     VALUES ($1, $2, $3, $4, 'Active', $5)`,
    [key.id, key.userId, key.sealedSecret.bytes, key.sealedSecret.under, now.getTime()],
  )
}

export async function findAccessKey(
  reader: SqlReader,
  id: string,
): Promise<StoredAccessKey | undefined> {
  const row = await reader.first(
    `SELECT k.id AS key_id, k.secret, k.status, k.last_used_at, k.last_used_service, k.last_used_region,
       a.state, ${userColumns},
       (SELECT v.issued_before FROM session_revocations v WHERE v.subject = 'account/' || u.account) AS revoked_before
     FROM access_keys k JOIN users u ON u.id = k.user_id JOIN accounts a ON a.id = u.account
     WHERE k.id = $1`,
    [id],
  )
  if (row === undefined) return undefined
  const usedAt = instantOrAbsent(row, 'last_used_at')
  const service = textOrAbsent(row, 'last_used_service')
  const region = textOrAbsent(row, 'last_used_region')
  return {
    id: text(row, 'key_id'),
    sealedSecret: bytes(row, 'secret'),
    isActive: text(row, 'status') === 'Active' && text(row, 'state') === 'active',
    revokedBefore: instantOrAbsent(row, 'revoked_before'),
    user: userOf(row),
    lastUse: usedAt === undefined ? undefined : { at: usedAt, service, region },
  }
}

/** Oldest first; a user has two at most. */
export async function listAccessKeys(
  reader: SqlReader,
  userId: string,
): Promise<readonly AccessKeyMetadata[]> {
  const rows = await reader.all(
    'SELECT id, status, created_at FROM access_keys WHERE user_id = $1 ORDER BY created_at, id',
    [userId],
  )
  return rows.map((row) => ({
    id: text(row, 'id'),
    status: text(row, 'status') === 'Active' ? 'Active' : 'Inactive',
    createdAt: instant(row, 'created_at'),
  }))
}

/** False when the user has no such key. */
export async function putKeyStatus(
  tx: SqlWriter,
  key: { readonly id: string; readonly userId: string },
  status: KeyStatus,
): Promise<boolean> {
  const changed = await tx.run(
    'UPDATE access_keys SET status = $3 WHERE id = $1 AND user_id = $2',
    [key.id, key.userId, status],
  )
  return changed > 0
}

/** False when the user has no such key. */
export async function deleteAccessKeyRow(
  tx: SqlWriter,
  key: { readonly id: string; readonly userId: string },
): Promise<boolean> {
  const deleted = await tx.run('DELETE FROM access_keys WHERE id = $1 AND user_id = $2', [
    key.id,
    key.userId,
  ])
  return deleted > 0
}

/** Unless a use since `unlessSince` is written already. */
export async function putKeyUse(
  tx: SqlWriter,
  id: string,
  use: { readonly at: Date; readonly service: string; readonly region: string },
  unlessSince: Date,
): Promise<void> {
  await tx.run(
    `UPDATE access_keys SET last_used_at = $2, last_used_service = $3, last_used_region = $4
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $5)`,
    [id, use.at.getTime(), use.service, use.region, unlessSince.getTime()],
  )
}
