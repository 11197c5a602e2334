import {
  bytes,
  instant,
  instantOrAbsent,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** A master key that the database was sealed under; the key itself is elsewhere. */
export interface KnownMasterKey {
  readonly id: string
  readonly state: 'primary' | 'previous'
  /** Sealed under the key. */
  readonly checkValue: Uint8Array
  readonly createdAt: Date
  /** Of a previous one: from when on nothing but a record keeps it. */
  readonly dropAfter: Date | undefined
}

/** The primary first, then the newest. */
export async function listMasterKeys(reader: SqlReader): Promise<readonly KnownMasterKey[]> {
  const rows = await reader.all(
    `SELECT id, state, check_value, created_at, drop_after FROM master_keys
     ORDER BY CASE WHEN state = 'primary' THEN 0 ELSE 1 END, created_at DESC, id`,
  )
  return rows.map(keyOf)
}

/** A new key as a previous one, or one that is there already as it is. */
export async function keepMasterKey(
  tx: SqlWriter,
  key: { readonly id: string; readonly checkValue: Uint8Array },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO master_keys (id, state, check_value, created_at) VALUES ($1, 'previous', $2, $3)
     ON CONFLICT (id) DO NOTHING`,
    [key.id, key.checkValue, now.getTime()],
  )
}

/** The others become previous ones; those that had no end get this. */
export async function makePrimary(tx: SqlWriter, id: string, dropAfter: Date): Promise<void> {
  await tx.run(
    `UPDATE master_keys SET state = 'previous', drop_after = COALESCE(drop_after, $2) WHERE id <> $1`,
    [id, dropAfter.getTime()],
  )
  await tx.run(`UPDATE master_keys SET state = 'primary', drop_after = NULL WHERE id = $1`, [id])
}

/** Tokens of every previous key end now. */
export async function dropPreviousAfter(tx: SqlWriter, at: Date): Promise<void> {
  await tx.run(`UPDATE master_keys SET drop_after = $1 WHERE state = 'previous'`, [at.getTime()])
}

export async function deleteMasterKey(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM master_keys WHERE id = $1', [id])
}

function keyOf(row: SqlRow): KnownMasterKey {
  const isPrimary = text(row, 'state') === 'primary'
  return {
    id: text(row, 'id'),
    state: isPrimary ? 'primary' : 'previous',
    checkValue: bytes(row, 'check_value'),
    createdAt: instant(row, 'created_at'),
    dropAfter: instantOrAbsent(row, 'drop_after'),
  }
}
