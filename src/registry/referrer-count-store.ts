import type { Digest } from '../oci/digest.ts'
import { integer, type SqlReader } from '../storage/database/database.ts'

/** Begins no ARN. */
const noRole = ' '

/** How many referrers of a subject a principal has, counted up to `limit`; of a role all its sessions together. */
export async function countReferrersOf(
  reader: SqlReader,
  key: { readonly repositoryId: number; readonly subject: Digest; readonly principal: string },
  limit: number,
): Promise<number> {
  const [, role] = /^(arn:[^:]*:sts::[0-9]*:assumed-role\/[^/]+\/)/.exec(key.principal) ?? []
  const row = await reader.first(
    `SELECT COUNT(*) AS n FROM (SELECT digest FROM manifests WHERE repository_id = $1 AND subject_digest = $2
       AND (pushed_by = $3 OR SUBSTR(pushed_by, 1, LENGTH($4)) = $4) LIMIT $5) AS some`,
    [key.repositoryId, key.subject, key.principal, role ?? noRole, limit],
  )
  return row === undefined ? 0 : integer(row, 'n')
}
