// What is written down of decisions and reports. Who calls has the transaction.
import type { AccountId } from '../policy/account-id.ts'
import { integer, type SqlWriter } from '../storage/database/database.ts'
import { insertRows } from '../storage/database/many-rows.ts'
import type { Sighting } from './image-use.ts'
import { placeColumns, placeValues, type ImagePlace } from './place-key.ts'

/** Decisions about one image at one place, of one batch. */
export interface DecidedPlace extends ImagePlace {
  readonly account: AccountId
  readonly allowed: number
  readonly denied: number
  /** Of the last of them. */
  readonly door: string
  readonly decision: 'allow' | 'warn' | 'deny'
  /** `base@3` */
  readonly policies: readonly string[]
  /** Codes. */
  readonly reasons: readonly string[]
  readonly firstAt: Date
  readonly lastAt: Date
  /** Where it was let run, and by what; undefined: it was not. */
  readonly seen: { readonly at: Date; readonly by: Sighting } | undefined
}

/** Places of one cluster of which something is kept. */
export const maxPlacesOfCluster = 20_000

export async function addDecisions(tx: SqlWriter, places: readonly DecidedPlace[]): Promise<void> {
  const into = `cluster_images (${placeColumns}, allowed, denied, door, decision, policies, reasons, first_at, last_at, first_seen_at, seen_at, seen_by, standing)`
  const isSeen = 'excluded.seen_at IS NOT NULL'
  const onConflict = `ON CONFLICT (${placeColumns}) DO UPDATE SET allowed = cluster_images.allowed + excluded.allowed,
    denied = cluster_images.denied + excluded.denied, door = excluded.door, decision = excluded.decision, policies = excluded.policies,
    reasons = excluded.reasons, last_at = excluded.last_at,
    first_seen_at = COALESCE(cluster_images.first_seen_at, excluded.first_seen_at),
    units = CASE WHEN ${isSeen} AND cluster_images.ended_at IS NOT NULL THEN NULL ELSE cluster_images.units END,
    ended_at = CASE WHEN ${isSeen} THEN NULL ELSE cluster_images.ended_at END,
    standing = CASE WHEN ${isSeen} THEN excluded.standing ELSE cluster_images.standing END,
    seen_by = CASE WHEN ${isSeen} THEN excluded.seen_by ELSE cluster_images.seen_by END,
    seen_at = COALESCE(excluded.seen_at, cluster_images.seen_at)`
  const rows = places.map((place) => [
    ...placeValues(place),
    place.allowed,
    place.denied,
    place.door,
    place.decision,
    JSON.stringify(place.policies),
    JSON.stringify(place.reasons),
    place.firstAt.getTime(),
    place.lastAt.getTime(),
    place.seen?.at.getTime() ?? null,
    place.seen?.at.getTime() ?? null,
    place.seen?.by ?? null,
    place.seen === undefined ? null : place.decision,
  ])
  await insertRows(tx, { into, onConflict }, rows)
}

export interface ReportedPlace extends Omit<ImagePlace, 'cluster'> {
  readonly units: number
}

export interface ClusterName {
  readonly account: AccountId
  readonly cluster: string
}

/** Each once. */
export async function addReported(
  tx: SqlWriter,
  cluster: ClusterName,
  places: readonly ReportedPlace[],
  at: Date,
): Promise<void> {
  const into = `cluster_images (${placeColumns}, allowed, denied, first_at, last_at, first_seen_at, seen_at, seen_by, units)`
  const onConflict = `ON CONFLICT (${placeColumns}) DO UPDATE SET last_at = excluded.last_at, seen_at = excluded.seen_at, seen_by = excluded.seen_by,
    first_seen_at = COALESCE(cluster_images.first_seen_at, excluded.first_seen_at), units = excluded.units, ended_at = NULL`
  const now = at.getTime()
  const rows = places.map((place) => [
    ...placeValues({ ...cluster, ...place }),
    0,
    0,
    now,
    now,
    now,
    now,
    'report',
    place.units,
  ])
  await insertRows(tx, { into, onConflict }, rows)
}

/** Where something of a repository runs of which nobody can tell which image it is. */
export interface UnclearPlace {
  readonly namespace: string
  readonly repository: string
}

const unclearAtOnce = 200

/** What was known to run of the repository in the namespace is taken to run still: seen now. */
export async function keepUnclear(
  tx: SqlWriter,
  { account, cluster }: ClusterName,
  unclear: readonly UnclearPlace[],
  at: Date,
): Promise<void> {
  for (let start = 0; start < unclear.length; start += unclearAtOnce) {
    const part = unclear.slice(start, start + unclearAtOnce)
    const pairs = part.map((_, index) => `($${4 + 2 * index}, $${5 + 2 * index})`)
    await tx.run(
      `UPDATE cluster_images SET seen_at = $3 WHERE account = $1 AND cluster = $2 AND ended_at IS NULL AND seen_at < $3
         AND (namespace, repository) IN (VALUES ${pairs.join(', ')})`,
      [
        account,
        cluster,
        at.getTime(),
        ...part.flatMap(({ namespace, repository }) => [namespace, repository]),
      ],
    )
  }
}

/** What of a cluster was seen last before a report that does not have it, and before `admittedBefore` where a decision saw it. */
export async function endUnreported(
  tx: SqlWriter,
  { account, cluster }: ClusterName,
  { at, admittedBefore }: { readonly at: Date; readonly admittedBefore: Date },
): Promise<number> {
  return tx.run(
    `UPDATE cluster_images SET ended_at = $3 WHERE account = $1 AND cluster = $2 AND ended_at IS NULL AND seen_at IS NOT NULL
       AND seen_at < CASE WHEN seen_by = 'report' THEN $3 ELSE $4 END`,
    [account, cluster, at.getTime(), admittedBefore.getTime()],
  )
}

/** What nobody told of since `before` is not taken to run from `keptMs` after it was last seen. */
export async function endUnseen(
  tx: SqlWriter,
  { before, keptMs }: { readonly before: Date; readonly keptMs: number },
): Promise<number> {
  return tx.run(
    `UPDATE cluster_images SET ended_at = seen_at + $2 WHERE ended_at IS NULL AND seen_at < $1`,
    [before.getTime(), keptMs],
  )
}

/** What does not run, and of which nothing happened since; at most `limit`. */
export async function deleteOldPlaces(tx: SqlWriter, before: Date, limit: number): Promise<number> {
  return tx.run(
    `DELETE FROM cluster_images WHERE (${placeColumns}) IN (SELECT ${placeColumns} FROM cluster_images
       WHERE last_at < $1 AND (ended_at IS NOT NULL OR seen_at IS NULL) ORDER BY last_at LIMIT $2)`,
    [before.getTime(), limit],
  )
}

/** Keeps a cluster below its bound: what does not run goes first, then what was not heard of for the longest time. */
export async function trimPlaces(
  tx: SqlWriter,
  { account, cluster }: ClusterName,
  most = maxPlacesOfCluster,
): Promise<number> {
  const row = await tx.first(
    'SELECT COUNT(*) AS places FROM cluster_images WHERE account = $1 AND cluster = $2',
    [account, cluster],
  )
  const over = (row === undefined ? 0 : integer(row, 'places')) - most
  if (over <= 0) return 0
  return tx.run(
    `DELETE FROM cluster_images WHERE (${placeColumns}) IN (SELECT ${placeColumns} FROM cluster_images WHERE account = $1 AND cluster = $2
       ORDER BY CASE WHEN seen_at IS NOT NULL AND ended_at IS NULL THEN 1 ELSE 0 END, last_at LIMIT $3)`,
    [account, cluster, over],
  )
}

export async function deletePlacesOf(
  tx: SqlWriter,
  { account, cluster }: ClusterName,
): Promise<void> {
  await tx.run('DELETE FROM cluster_images WHERE account = $1 AND cluster = $2', [account, cluster])
}
