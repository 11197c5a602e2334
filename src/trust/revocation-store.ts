import {
  bytes,
  instant,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface StoredAnswer {
  readonly bytes: Uint8Array
  readonly fetchedAt: Date
}

export async function findRevocationAnswer(
  reader: SqlReader,
  key: string,
): Promise<StoredAnswer | undefined> {
  const row = await reader.first(
    'SELECT bytes, fetched_at FROM revocation_answers WHERE key = $1',
    [key],
  )
  return row === undefined
    ? undefined
    : { bytes: bytes(row, 'bytes'), fetchedAt: instant(row, 'fetched_at') }
}

/** After a key, in the order of keys. */
export async function listRevocationAnswers(
  reader: SqlReader,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly (StoredAnswer & { readonly key: string })[]> {
  const rows = await reader.all(
    'SELECT key, bytes, fetched_at FROM revocation_answers WHERE key > $1 ORDER BY key LIMIT $2',
    [after, limit],
  )
  return rows.map((row) => ({
    key: text(row, 'key'),
    bytes: bytes(row, 'bytes'),
    fetchedAt: instant(row, 'fetched_at'),
  }))
}

export async function writeRevocationAnswer(
  tx: SqlWriter,
  key: string,
  answer: Uint8Array,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO revocation_answers (key, bytes, fetched_at) VALUES ($1, $2, $3)
     ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, fetched_at = excluded.fetched_at`,
    [key, answer, now.getTime()],
  )
}

/** Those that nobody asked for since `before`. */
export async function forgetRevocationAnswers(tx: SqlWriter, before: Date): Promise<void> {
  await tx.run('DELETE FROM revocation_answers WHERE fetched_at < $1', [before.getTime()])
}
