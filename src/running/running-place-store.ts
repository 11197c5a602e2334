// What is taken to run, place by place, for who judges it anew.
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { placeColumns, placeOf, placeValues, type ImagePlace } from './place-key.ts'

export interface RunningPlace extends ImagePlace {
  readonly account: AccountId
  /** What policies said of it last; undefined of what was only reported and never judged. */
  readonly standing: string | undefined
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
  const from = after === undefined ? [account ?? '', '', '', '', '', '', ''] : placeValues(after)
  const rows = await reader.all(
    `SELECT ${placeColumns}, standing FROM cluster_images
     WHERE (${placeColumns}) > ($1, $2, $3, $4, $5, $6, $7) AND seen_at IS NOT NULL AND ended_at IS NULL ${account === undefined ? '' : 'AND account = $1'}
     ORDER BY ${placeColumns} LIMIT $8`,
    [...from, limit],
  )
  return rows.flatMap(runningPlaceOf)
}

export async function writeStanding(
  tx: SqlWriter,
  place: RunningPlace,
  standing: string,
): Promise<void> {
  await tx.run(
    `UPDATE cluster_images SET standing = $8 WHERE account = $1 AND cluster = $2 AND namespace = $3 AND workload_kind = $4
       AND workload_name = $5 AND repository = $6 AND digest = $7`,
    [...placeValues(place), standing],
  )
}

function runningPlaceOf(row: SqlRow): readonly RunningPlace[] {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) return []
  return [{ account, ...placeOf(row), standing: textOrAbsent(row, 'standing') }]
}
