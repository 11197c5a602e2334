import { integer, text, type SqlReader } from '../storage/database/database.ts'

/** Blobs that a manifest refers to, and their bytes. */
export async function listBlobsOf(
  reader: SqlReader,
  repositoryId: number,
  digest: string,
): Promise<readonly { readonly digest: string; readonly size: number }[]> {
  const rows = await reader.all(
    'SELECT blob_digest, MAX(size) AS size FROM manifest_blobs WHERE repository_id = $1 AND manifest_digest = $2 GROUP BY blob_digest',
    [repositoryId, digest],
  )
  return rows.map((row) => ({ digest: text(row, 'blob_digest'), size: integer(row, 'size') }))
}

/** A page of manifests of the repository that refer to the blob; index manifest_blobs_blob. */
export async function listHoldersOf(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly blob: string; readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT DISTINCT manifest_digest FROM manifest_blobs
     WHERE repository_id = $1 AND blob_digest = $2 AND manifest_digest > $3 ORDER BY manifest_digest LIMIT $4`,
    [repositoryId, page.blob, page.after, page.limit],
  )
  return rows.map((row) => text(row, 'manifest_digest'))
}

/** Whether another repository has the blob: its bytes then stay. */
export async function isHeldElsewhere(
  reader: SqlReader,
  repositoryId: number,
  blob: string,
): Promise<boolean> {
  const row = await reader.first(
    `SELECT l.blob_id FROM blobs b JOIN blob_links l ON l.blob_id = b.id
     WHERE b.digest = $1 AND b.state = 'live' AND l.repository_id <> $2 LIMIT 1`,
    [blob, repositoryId],
  )
  return row !== undefined
}
