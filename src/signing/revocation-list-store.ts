import {
  bytes,
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { Revocation } from './profile-store.ts'
import { chainIn } from './signing-key-store.ts'

/** A certificate that this installation issued and takes back. */
export interface RevokedKey {
  /** DER, the revoked certificate first, its issuer behind it. */
  readonly chain: readonly Uint8Array[]
  readonly from: Date
  readonly at: Date
}

/** Of versions of profiles and of named keys. */
export async function listRevokedKeys(reader: SqlReader): Promise<readonly RevokedKey[]> {
  const rows = await reader.all(
    `SELECT k.chain AS chain, r.revoked_from AS revoked_from, r.revoked_at AS revoked_at
     FROM signing_key_revocations r JOIN signing_keys k ON k.id = r.key_id
     UNION ALL
     SELECT k.chain AS chain, v.revoked_from AS revoked_from, v.revoked_at AS revoked_at
     FROM signing_profile_versions v JOIN signing_keys k ON k.id = v.key_id WHERE v.revoked_from IS NOT NULL
     ORDER BY revoked_at, chain`,
  )
  return rows.map((row) => ({
    chain: chainIn(row),
    from: instant(row, 'revoked_from'),
    at: instant(row, 'revoked_at'),
  }))
}

/** What is said of keys with that public part (DER): one, or none where none was made here. */
export async function findIssued(
  reader: SqlReader,
  publicKey: Uint8Array,
): Promise<
  { readonly chain: readonly Uint8Array[]; readonly revokedFrom: number | undefined } | undefined
> {
  const row = await reader.first(
    `SELECT k.chain AS chain, COALESCE(r.revoked_from, v.revoked_from) AS revoked_from FROM signing_keys k
     LEFT JOIN signing_key_revocations r ON r.key_id = k.id
     LEFT JOIN signing_profile_versions v ON v.key_id = k.id
     WHERE k.public_key = $1 AND k.kind IN ('profile', 'named') LIMIT 1`,
    [publicKey],
  )
  if (row === undefined) return undefined
  const revokedFrom = row['revoked_from'] === null ? undefined : integer(row, 'revoked_from')
  return { chain: chainIn(row), revokedFrom }
}

export async function findKeyRevocation(
  reader: SqlReader,
  keyId: string,
): Promise<Revocation | undefined> {
  const row = await reader.first('SELECT * FROM signing_key_revocations WHERE key_id = $1', [keyId])
  return row === undefined ? undefined : revocationOf(row)
}

/** In the place of one that was from a later moment on. */
export async function writeKeyRevocation(
  tx: SqlWriter,
  keyId: string,
  { from, at, by, reason }: Revocation,
): Promise<void> {
  await tx.run(
    `INSERT INTO signing_key_revocations (key_id, revoked_from, revoked_at, revoked_by, reason) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (key_id) DO UPDATE SET revoked_from = excluded.revoked_from, revoked_at = excluded.revoked_at,
       revoked_by = excluded.revoked_by, reason = excluded.reason`,
    [keyId, from.getTime(), at.getTime(), by, reason],
  )
}

export interface StoredList {
  readonly number: number
  /** DER. */
  readonly list: Uint8Array
  readonly signedAt: Date
}

export async function findStoredList(
  reader: SqlReader,
  issuerId: string,
): Promise<StoredList | undefined> {
  const row = await reader.first(
    'SELECT number, list, signed_at FROM signing_crls WHERE issuer_id = $1',
    [issuerId],
  )
  if (row === undefined) return undefined
  return {
    number: integer(row, 'number'),
    list: bytes(row, 'list'),
    signedAt: instant(row, 'signed_at'),
  }
}

export async function writeList(
  tx: SqlWriter,
  issuerId: string,
  { number, list, signedAt }: StoredList,
): Promise<void> {
  await tx.run(
    `INSERT INTO signing_crls (issuer_id, number, list, signed_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (issuer_id) DO UPDATE SET number = excluded.number, list = excluded.list, signed_at = excluded.signed_at`,
    [issuerId, number, list, signedAt.getTime()],
  )
}

function revocationOf(row: SqlRow): Revocation {
  return {
    from: instant(row, 'revoked_from'),
    at: instant(row, 'revoked_at'),
    by: text(row, 'revoked_by'),
    reason: text(row, 'reason'),
  }
}
