import { parseDigest, type Digest } from '../oci/digest.ts'
import {
  instant,
  instantOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
} from '../storage/database/database.ts'

/** A manifest that is or may be an image, with what is known of its scan. */
export interface CoveredRow {
  readonly digest: Digest
  readonly pushedAt: Date
  readonly lastPulledAt: Date | undefined
  /** Undefined where no scan was ever asked for. */
  readonly scan:
    | {
        readonly status: string
        readonly hasEnded: boolean
        readonly completedAt: Date | undefined
        readonly hasLeft: boolean
        readonly engine: string | undefined
        /** Whether its packages were held against data: else its layers could not be read. */
        readonly wasJudged: boolean
        readonly hasPackages: boolean
      }
    | undefined
}

/** Manifests of a repository with a scan, or with none and the form of an image, in order of digests after one. */
export async function listCoveredRows(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly CoveredRow[]> {
  const rows = await reader.all(
    `SELECT m.digest, m.pushed_at, m.last_pulled_at, s.status, s.first_completed_at, s.completed_at, s.left_at,
       s.extractor_revision, s.data_revision, s.package_set_id
     FROM manifests m LEFT JOIN image_scans s ON s.repository_id = m.repository_id AND s.digest = m.digest
     WHERE m.repository_id = $1 AND m.digest > $2
       AND (s.status IS NOT NULL OR EXISTS (SELECT 1 FROM manifest_blobs b
         WHERE b.repository_id = m.repository_id AND b.manifest_digest = m.digest AND b.role = 'config'
           AND b.media_type IN ('application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json')))
     ORDER BY m.digest LIMIT $3`,
    [repositoryId, page.after, page.limit],
  )
  return rows.flatMap((row) => {
    const digest = parseDigest(text(row, 'digest'))
    if (digest === undefined) return []
    const status = textOrAbsent(row, 'status')
    return [
      {
        digest,
        pushedAt: instant(row, 'pushed_at'),
        lastPulledAt: instantOrAbsent(row, 'last_pulled_at'),
        scan:
          status === undefined
            ? undefined
            : {
                status,
                hasEnded: row['first_completed_at'] !== null,
                completedAt: instantOrAbsent(row, 'completed_at'),
                hasLeft: row['left_at'] !== null,
                engine: textOrAbsent(row, 'extractor_revision'),
                wasJudged: row['data_revision'] !== null,
                hasPackages: row['package_set_id'] !== null,
              },
      },
    ]
  })
}
