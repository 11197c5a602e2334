import { integer, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** Times in milliseconds. */
export interface StoredAuthority {
  readonly number: number
  /** PEM. */
  readonly certificate: string
  readonly notBefore: number
  readonly notAfter: number
}

/** The newest first. */
export async function listAuthorities(reader: SqlReader): Promise<readonly StoredAuthority[]> {
  const rows = await reader.all(
    'SELECT number, certificate, not_before, not_after FROM admission_authorities ORDER BY number DESC LIMIT 20',
  )
  return rows.map((row) => ({
    number: integer(row, 'number'),
    certificate: text(row, 'certificate'),
    notBefore: integer(row, 'not_before'),
    notAfter: integer(row, 'not_after'),
  }))
}

export async function insertAuthority(
  tx: SqlWriter,
  { number, certificate, notBefore, notAfter }: StoredAuthority,
): Promise<void> {
  await tx.run(
    `INSERT INTO admission_authorities (number, certificate, not_before, not_after) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [number, certificate, notBefore, notAfter],
  )
}
