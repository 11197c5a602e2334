import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  texts,
  type SqlReader,
  type SqlRow,
} from '../storage/database/database.ts'
import {
  sightings,
  type ImageKey,
  type ImageUse,
  type PlacedUse,
  type Seen,
  type UsePlace,
} from './image-use.ts'
import { placeOf } from './place-key.ts'

const useColumns = `cluster, namespace, workload_kind, workload_name, repository, digest, first_seen_at, seen_at, seen_by, ended_at, units`

/** The image itself, and the indexes of its repository that list it; parameters $1 to $4 are account, repository, digest, repository id. */
const ofImage = `account = $1 AND repository = $2 AND (digest = $3
  OR digest IN (SELECT manifest_digest FROM manifest_children WHERE repository_id = $4 AND child_digest = $3))`

function parametersOf({
  account,
  repository,
  digest,
  repositoryId,
}: ImageKey): (string | number)[] {
  return [account, repository, digest, repositoryId]
}

/** Undefined where no cluster of the account ever told of anything it runs: nothing is known then. */
export async function findImageUse(
  reader: SqlReader,
  key: ImageKey,
): Promise<ImageUse | undefined> {
  const row = await reader.first(
    `SELECT COUNT(CASE WHEN ended_at IS NULL THEN 1 END) AS places,
       COUNT(DISTINCT CASE WHEN ended_at IS NULL THEN cluster END) AS clusters,
       COALESCE(SUM(CASE WHEN ended_at IS NULL THEN COALESCE(units, 1) ELSE 0 END), 0) AS units, MAX(seen_at) AS last_seen
     FROM cluster_images WHERE ${ofImage} AND seen_at IS NOT NULL`,
    parametersOf(key),
  )
  const lastSeenAt = row === undefined ? undefined : instantOrAbsent(row, 'last_seen')
  if (row === undefined || lastSeenAt === undefined) {
    const isAnythingKnown = await tellsAnything(reader, key.account)
    return isAnythingKnown ? { places: 0, clusters: 0, units: 0, lastSeenAt } : undefined
  }
  const [places, clusters, units] = ['places', 'clusters', 'units'].map((name) =>
    integer(row, name),
  )
  return { places: places ?? 0, clusters: clusters ?? 0, units: units ?? 0, lastSeenAt }
}

/** An empty report tells something, too. */
async function tellsAnything(reader: SqlReader, account: AccountId): Promise<boolean> {
  const row = await reader.first(
    `SELECT 1 AS one FROM cluster_reports WHERE account = $1
     UNION ALL SELECT 1 FROM cluster_images WHERE account = $1 AND seen_at IS NOT NULL LIMIT 1`,
    [account],
  )
  return row !== undefined
}

/** Places of an image, those that are taken to run it first, the latest first. */
export async function listUsesOfImage(
  reader: SqlReader,
  key: ImageKey,
  limit: number,
): Promise<readonly PlacedUse[]> {
  const rows = await reader.all(
    `SELECT ${useColumns} FROM cluster_images WHERE ${ofImage} AND seen_at IS NOT NULL
     ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, seen_at DESC, cluster, namespace, workload_kind, workload_name LIMIT $5`,
    [...parametersOf(key), limit],
  )
  return rows.map(useOf)
}

/** The same of all images of a repository. */
export async function listUsesOfRepository(
  reader: SqlReader,
  { account, repository }: Pick<ImageKey, 'account' | 'repository'>,
  limit: number,
): Promise<readonly PlacedUse[]> {
  const rows = await reader.all(
    `SELECT ${useColumns} FROM cluster_images WHERE account = $1 AND repository = $2 AND seen_at IS NOT NULL
     ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, seen_at DESC, cluster, namespace, workload_kind, workload_name LIMIT $3`,
    [account, repository, limit],
  )
  return rows.map(useOf)
}

/** Digests of a repository that are taken to run somewhere, in order; no account has more places than its clusters may have. */
export async function listRunningDigests(
  reader: SqlReader,
  { account, repository }: Pick<ImageKey, 'account' | 'repository'>,
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT DISTINCT digest FROM cluster_images WHERE account = $1 AND repository = $2 AND seen_at IS NOT NULL AND ended_at IS NULL
     ORDER BY digest`,
    [account, repository],
  )
  return rows.map((row) => text(row, 'digest'))
}

/** Whether an image, or one that it lists, is taken to run somewhere. */
export async function isRunning(reader: SqlReader, key: ImageKey): Promise<boolean> {
  const row = await reader.first(
    `SELECT 1 AS one FROM cluster_images WHERE account = $1 AND repository = $2 AND seen_at IS NOT NULL AND ended_at IS NULL
       AND (digest = $3 OR digest IN (SELECT child_digest FROM manifest_children WHERE repository_id = $4 AND manifest_digest = $3))
     LIMIT 1`,
    parametersOf(key),
  )
  return row !== undefined
}

function useOf(row: SqlRow): PlacedUse {
  return { ...placeOf(row), ...sightingOf(row) }
}

/** What was decided of an image at a place, and what is known of its running. */
export interface ClusterPlace extends UsePlace {
  readonly repository: string
  readonly digest: string
  readonly allowed: number
  readonly denied: number
  /** The last; undefined of what was only reported. */
  readonly decision:
    | {
        readonly door: string
        readonly outcome: string
        /** `base@3` */
        readonly policies: readonly string[]
        /** Codes. */
        readonly reasons: readonly string[]
      }
    | undefined
  readonly firstAt: Date
  readonly lastAt: Date
  /** Undefined of what was never let run and never reported. */
  readonly use: Seen | undefined
  /** What policies said of it when it was last judged anew. */
  readonly standing: string | undefined
}

/** A place's name within its cluster. */
export interface PlaceCursor {
  readonly namespace: string
  readonly workloadKind: string
  readonly workloadName: string
  readonly repository: string
  readonly digest: string
}

const firstPlace: PlaceCursor = {
  namespace: '',
  workloadKind: '',
  workloadName: '',
  repository: '',
  digest: '',
}

/** In the order of namespaces, workloads, repositories and digests, after a place; those that are taken to run, or all. */
export async function listPlacesOfCluster(
  reader: SqlReader,
  { account, cluster }: { readonly account: AccountId; readonly cluster: string },
  page: {
    readonly after: PlaceCursor | undefined
    readonly limit: number
    readonly only: 'running' | 'all'
  },
): Promise<readonly ClusterPlace[]> {
  const { after = firstPlace, limit, only } = page
  const rows = await reader.all(
    `SELECT * FROM cluster_images WHERE account = $1 AND cluster = $2
       AND (namespace, workload_kind, workload_name, repository, digest) > ($3, $4, $5, $6, $7)
       ${only === 'all' ? '' : 'AND seen_at IS NOT NULL AND ended_at IS NULL'}
     ORDER BY namespace, workload_kind, workload_name, repository, digest LIMIT $8`,
    [
      account,
      cluster,
      after.namespace,
      after.workloadKind,
      after.workloadName,
      after.repository,
      after.digest,
      limit,
    ],
  )
  return rows.map(clusterPlaceOf)
}

/** Places that are taken to run something, by cluster. */
export async function countRunningPlaces(
  reader: SqlReader,
  account: AccountId,
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader.all(
    `SELECT cluster, COUNT(*) AS places FROM cluster_images WHERE account = $1 AND seen_at IS NOT NULL AND ended_at IS NULL
     GROUP BY cluster`,
    [account],
  )
  return new Map(rows.map((row) => [text(row, 'cluster'), integer(row, 'places')]))
}

function clusterPlaceOf(row: SqlRow): ClusterPlace {
  const door = textOrAbsent(row, 'door')
  return {
    ...placeOf(row),
    allowed: integer(row, 'allowed'),
    denied: integer(row, 'denied'),
    decision:
      door === undefined
        ? undefined
        : {
            door,
            outcome: text(row, 'decision'),
            policies: texts(row, 'policies'),
            reasons: texts(row, 'reasons'),
          },
    firstAt: instant(row, 'first_at'),
    lastAt: instant(row, 'last_at'),
    use: row['seen_at'] === null ? undefined : sightingOf(row),
    standing: textOrAbsent(row, 'standing'),
  }
}

function sightingOf(row: SqlRow): Seen {
  const seenBy = sightings.find((one) => one === row['seen_by'])
  if (seenBy === undefined) throw new Error('cluster_images.seen_by is none')
  return {
    firstSeenAt: instant(row, 'first_seen_at'),
    seenAt: instant(row, 'seen_at'),
    seenBy,
    endedAt: instantOrAbsent(row, 'ended_at'),
    units: integerOrAbsent(row, 'units'),
  }
}
