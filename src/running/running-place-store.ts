// What is taken to run, place by place, for who judges it anew.
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { UsePlace } from './image-use.ts'

export interface RunningPlace extends UsePlace {
  readonly account: AccountId
  readonly repository: string
  readonly digest: string
  /** What policies said of it last; undefined of what was only reported and never judged. */
  readonly standing: string | undefined
}

const key = 'account, cluster, namespace, workload_kind, workload_name, repository, digest'

function valuesOf(place: Omit<RunningPlace, 'standing'>): string[] {
  const { account, cluster, namespace, workloadKind, workloadName, repository, digest } = place
  return [account, cluster, namespace, workloadKind, workloadName, repository, digest]
}

/** In the order of accounts, clusters, namespaces, workloads and images, after a place; of one account where it is named. */
export async function listRunningPlaces(
  reader: SqlReader,
  page: {
    readonly account: AccountId | undefined
    readonly after: RunningPlace | undefined
    readonly limit: number
  },
): Promise<readonly RunningPlace[]> {
  const { account, after, limit } = page
  const from = after === undefined ? [account ?? '', '', '', '', '', '', ''] : valuesOf(after)
  const rows = await reader.all(
    `SELECT ${key}, standing FROM cluster_images
     WHERE (${key}) > ($1, $2, $3, $4, $5, $6, $7) AND seen_at IS NOT NULL AND ended_at IS NULL ${account === undefined ? '' : 'AND account = $1'}
     ORDER BY ${key} LIMIT $8`,
    [...from, limit],
  )
  return rows.flatMap(placeOf)
}

export async function writeStanding(
  tx: SqlWriter,
  place: RunningPlace,
  standing: string,
): Promise<void> {
  await tx.run(
    `UPDATE cluster_images SET standing = $8 WHERE account = $1 AND cluster = $2 AND namespace = $3 AND workload_kind = $4
       AND workload_name = $5 AND repository = $6 AND digest = $7`,
    [...valuesOf(place), standing],
  )
}

function placeOf(row: SqlRow): readonly RunningPlace[] {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) return []
  return [
    {
      account,
      cluster: text(row, 'cluster'),
      namespace: text(row, 'namespace'),
      workloadKind: text(row, 'workload_kind'),
      workloadName: text(row, 'workload_name'),
      repository: text(row, 'repository'),
      digest: text(row, 'digest'),
      standing: textOrAbsent(row, 'standing'),
    },
  ]
}
