import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  bytes,
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { VexDocument } from '../vex/vex-document.ts'

/** A VEX document that somebody gave, without its statements. */
export interface GivenDocument {
  readonly digest: string
  readonly format: string
  readonly id: string
  readonly version: string
  readonly issuer: string
  readonly issuedAt: Date
  readonly statements: number
  readonly givenBy: string
  readonly givenAt: Date
}

/** Given once more it stays whose it was. False when the account has it already. */
export async function insertVexDocument(
  tx: SqlWriter,
  key: { readonly account: AccountId; readonly digest: Digest },
  given: {
    readonly document: VexDocument
    readonly content: Uint8Array
    readonly by: string
    readonly at: Date
  },
): Promise<boolean> {
  const { document, content, by, at } = given
  const written = await tx.run(
    `INSERT INTO vex_documents (account, digest, format, document_id, version, issuer, issued_at, statements, size, document,
       given_by, given_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (account, digest) DO NOTHING`,
    [
      key.account,
      key.digest,
      document.format,
      document.id,
      document.version,
      document.issuer,
      document.issuedAt.getTime(),
      document.statements.length,
      content.byteLength,
      zstdCompressSync(content),
      by,
      at.getTime(),
    ],
  )
  return written > 0
}

export async function listVexDocuments(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly GivenDocument[]> {
  const rows = await reader.all(
    `SELECT digest, format, document_id, version, issuer, issued_at, statements, given_by, given_at
     FROM vex_documents WHERE account = $1 ORDER BY given_at, digest`,
    [account],
  )
  return rows.map(givenOf)
}

export async function listVexDigests(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT digest FROM vex_documents WHERE account = $1 ORDER BY digest',
    [account],
  )
  return rows.map((row) => text(row, 'digest'))
}

export async function findVexDocument(
  reader: SqlReader,
  account: AccountId,
  digest: string,
): Promise<{ readonly given: GivenDocument; readonly content: Uint8Array } | undefined> {
  const row = await reader.first(
    `SELECT digest, format, document_id, version, issuer, issued_at, statements, given_by, given_at, document
     FROM vex_documents WHERE account = $1 AND digest = $2`,
    [account, digest],
  )
  if (row === undefined) return undefined
  return { given: givenOf(row), content: zstdDecompressSync(bytes(row, 'document')) }
}

/** False when the account has none of this digest. */
export async function deleteVexDocument(
  tx: SqlWriter,
  account: AccountId,
  digest: string,
): Promise<boolean> {
  const sql = 'DELETE FROM vex_documents WHERE account = $1 AND digest = $2'
  return (await tx.run(sql, [account, digest])) > 0
}

export async function countVexDocuments(
  reader: SqlReader,
  account: AccountId,
): Promise<{ readonly documents: number; readonly bytes: number }> {
  const row = await reader.first(
    'SELECT COUNT(*) AS n, COALESCE(SUM(size), 0) AS bytes FROM vex_documents WHERE account = $1',
    [account],
  )
  if (row === undefined) throw new Error('a count has no row')
  return { documents: integer(row, 'n'), bytes: integer(row, 'bytes') }
}

function givenOf(row: SqlRow): GivenDocument {
  return {
    digest: text(row, 'digest'),
    format: text(row, 'format'),
    id: text(row, 'document_id'),
    version: text(row, 'version'),
    issuer: text(row, 'issuer'),
    issuedAt: instant(row, 'issued_at'),
    statements: integer(row, 'statements'),
    givenBy: text(row, 'given_by'),
    givenAt: instant(row, 'given_at'),
  }
}
