import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** The last that a cluster said of itself, in numbers. */
export interface ClusterReport {
  readonly cluster: string
  readonly at: Date
  /** ARN. */
  readonly by: string
  /** Places of images of this registry. */
  readonly images: number
  /** Containers of them; of images of other registries; of which nobody can tell what they run. */
  readonly units: number
  readonly foreignUnits: number
  readonly unclearUnits: number
}

export async function writeReport(
  tx: SqlWriter,
  account: AccountId,
  report: ClusterReport,
): Promise<void> {
  await tx.run(
    `INSERT INTO cluster_reports (account, cluster, at, reported_by, images, units, foreign_units, unclear_units)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (account, cluster) DO UPDATE SET at = excluded.at, reported_by = excluded.reported_by, images = excluded.images,
       units = excluded.units, foreign_units = excluded.foreign_units, unclear_units = excluded.unclear_units`,
    [
      account,
      report.cluster,
      report.at.getTime(),
      report.by,
      report.images,
      report.units,
      report.foreignUnits,
      report.unclearUnits,
    ],
  )
}

export async function findReport(
  reader: SqlReader,
  account: AccountId,
  cluster: string,
): Promise<ClusterReport | undefined> {
  const row = await reader.first(
    'SELECT * FROM cluster_reports WHERE account = $1 AND cluster = $2',
    [account, cluster],
  )
  return row === undefined ? undefined : reportOf(row)
}

/** No account has more than it has clusters. */
export async function listReports(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly ClusterReport[]> {
  const rows = await reader.all('SELECT * FROM cluster_reports WHERE account = $1', [account])
  return rows.map(reportOf)
}

export async function deleteReport(
  tx: SqlWriter,
  { account, cluster }: { readonly account: AccountId; readonly cluster: string },
): Promise<void> {
  await tx.run('DELETE FROM cluster_reports WHERE account = $1 AND cluster = $2', [
    account,
    cluster,
  ])
}

function reportOf(row: SqlRow): ClusterReport {
  return {
    cluster: text(row, 'cluster'),
    at: instant(row, 'at'),
    by: text(row, 'reported_by'),
    images: integer(row, 'images'),
    units: integer(row, 'units'),
    foreignUnits: integer(row, 'foreign_units'),
    unclearUnits: integer(row, 'unclear_units'),
  }
}
