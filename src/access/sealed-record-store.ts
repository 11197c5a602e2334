import {
  bytes,
  integer,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { SealedSecret, SecretPlace } from './rules/seal-secret.ts'
import type { SealPurpose } from './rules/seal.ts'

/** Every table with a column `secret` that is sealed, and `sealed_under` beside it; a new one gets a row here. */
export const sealedTables: readonly {
  readonly table: SecretPlace['table']
  readonly purpose: SealPurpose
}[] = [
  { table: 'access_keys', purpose: 'access-key' },
  { table: 'stored_keys', purpose: 'stored-key' },
  { table: 'notification_secrets', purpose: 'notification-secret' },
  { table: 'signing_keys', purpose: 'signing-key' },
]

interface SealedRecord {
  readonly id: string
  readonly secret: Uint8Array
}

/** Records that are sealed under another key than this, or under one that they do not name; in the order of their ids. */
export async function listRecordsToReseal(
  reader: SqlReader,
  table: SecretPlace['table'],
  page: { readonly primary: string; readonly after: string; readonly limit: number },
): Promise<readonly SealedRecord[]> {
  const rows = await reader.all(
    `SELECT id, secret FROM ${table} WHERE id > $1 AND (sealed_under IS NULL OR sealed_under <> $2)
     ORDER BY id LIMIT $3`,
    [page.after, page.primary, page.limit],
  )
  return rows.map((row) => ({ id: text(row, 'id'), secret: bytes(row, 'secret') }))
}

export async function updateSealedSecret(
  tx: SqlWriter,
  { table, row }: SecretPlace,
  { bytes: secret, under }: SealedSecret,
): Promise<void> {
  await tx.run(`UPDATE ${table} SET secret = $1, sealed_under = $2 WHERE id = $3`, [
    secret,
    under,
    row,
  ])
}

/** How many records each key keeps; undefined is the key of those that name none. */
export async function countSealedRecords(
  reader: SqlReader,
): Promise<ReadonlyMap<string | undefined, number>> {
  const counts = new Map<string | undefined, number>()
  for (const { table } of sealedTables) {
    const rows = await reader.all(
      `SELECT COALESCE(sealed_under, '') AS under, COUNT(*) AS records FROM ${table} GROUP BY sealed_under`,
    )
    for (const row of rows) {
      const under = text(row, 'under')
      const key = under === '' ? undefined : under
      counts.set(key, (counts.get(key) ?? 0) + integer(row, 'records'))
    }
  }
  return counts
}

/** Any record that does not name its key: whether a master key opens it tells whose database this is. */
export async function findUnnamedRecord(
  reader: SqlReader,
): Promise<(SealedRecord & (typeof sealedTables)[number]) | undefined> {
  for (const { table, purpose } of sealedTables) {
    const row = await reader.first(
      `SELECT id, secret FROM ${table} WHERE sealed_under IS NULL ORDER BY id LIMIT 1`,
    )
    if (row !== undefined) {
      return { table, purpose, id: text(row, 'id'), secret: bytes(row, 'secret') }
    }
  }
  return undefined
}

/** Of a key of our own (`stored-key.ts`); undefined when it was never made. */
export async function findStoredKey(
  reader: SqlReader,
  id: string,
): Promise<Uint8Array | undefined> {
  const row = await reader.first('SELECT secret FROM stored_keys WHERE id = $1', [id])
  return row === undefined ? undefined : bytes(row, 'secret')
}

export async function insertStoredKey(
  tx: SqlWriter,
  id: string,
  secret: SealedSecret,
  now: Date,
): Promise<void> {
  await tx.run(
    'INSERT INTO stored_keys (id, secret, sealed_under, created_at) VALUES ($1, $2, $3, $4)',
    [id, secret.bytes, secret.under, now.getTime()],
  )
}
