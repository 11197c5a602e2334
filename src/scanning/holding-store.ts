import {
  bytes,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readByIds, writeByIds } from '../storage/database/by-ids.ts'
import { insertRows } from '../storage/database/many-rows.ts'
import { unmark } from './unused-package-store.ts'
import type { Holding } from './rules/holdings-of.ts'
import { addPlace, chunkOf, removePlace } from './rules/id-chunk.ts'

/** The id of a holding; a new one waits for being counted, and one that no set had is in use again. */
export async function internHolding(
  tx: SqlWriter,
  { packageId, owners }: Holding,
): Promise<number> {
  const ownerText = owners.join(',')
  const known = await tx.first(
    `SELECT h.id, u.since FROM holdings h LEFT JOIN unused_holdings u ON u.holding_id = h.id
     WHERE h.package_id = $1 AND h.owners = $2`,
    [packageId, ownerText],
  )
  if (known !== undefined) {
    const id = integer(known, 'id')
    if (known['since'] !== null) await unmark(tx, 'holdings', [id])
    return id
  }
  const made = await tx.first(
    'INSERT INTO holdings (package_id, owners) VALUES ($1, $2) RETURNING id',
    [packageId, ownerText],
  )
  if (made === undefined) throw new Error('a holding was written without a row')
  const into = 'holding_owners (owner_id, package_id)'
  const onConflict = 'ON CONFLICT (owner_id, package_id) DO NOTHING'
  await insertRows(
    tx,
    { into, onConflict },
    owners.map((owner) => [owner, packageId]),
  )
  await markUncounted(tx, [packageId])
  return integer(made, 'id')
}

/** Idempotent. */
export async function postHolding(tx: SqlWriter, holdingId: number, setId: number): Promise<void> {
  const { chunk, place } = chunkOf(setId)
  const known = await tx.first(
    'SELECT sets FROM holding_postings WHERE holding_id = $1 AND chunk = $2',
    [holdingId, chunk],
  )
  const sets = addPlace(known === undefined ? undefined : bytes(known, 'sets'), place)
  if (sets === undefined) return
  await tx.run(
    `INSERT INTO holding_postings (holding_id, chunk, sets) VALUES ($1, $2, $3)
     ON CONFLICT (holding_id, chunk) DO UPDATE SET sets = excluded.sets`,
    [holdingId, chunk, sets],
  )
}

/** Idempotent. */
export async function unpostHolding(
  tx: SqlWriter,
  holdingId: number,
  setId: number,
): Promise<void> {
  const { chunk, place } = chunkOf(setId)
  const key = [holdingId, chunk]
  const known = await tx.first(
    'SELECT sets FROM holding_postings WHERE holding_id = $1 AND chunk = $2',
    key,
  )
  const sets = known === undefined ? undefined : removePlace(bytes(known, 'sets'), place)
  if (sets === undefined) return
  await (sets.length === 0
    ? tx.run('DELETE FROM holding_postings WHERE holding_id = $1 AND chunk = $2', key)
    : tx.run('UPDATE holding_postings SET sets = $3 WHERE holding_id = $1 AND chunk = $2', [
        ...key,
        sets,
      ]))
}

export interface PostingChunk {
  readonly holdingId: number
  readonly chunk: number
  /** Places of sets, as rules/id-chunk.ts packs them. */
  readonly sets: Uint8Array
}

/** Of holdings, chunks of sets from `from` on and before `to`; those of one holding in order. */
export async function listPostings(
  reader: SqlReader,
  holdingIds: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly PostingChunk[]> {
  const rows = await readByIds(
    reader,
    holdingIds,
    (places, [first, end]) => `SELECT holding_id, chunk, sets FROM holding_postings
     WHERE holding_id IN (${places}) AND chunk >= ${first} AND chunk < ${end} ORDER BY holding_id, chunk`,
    [from, to],
  )
  return rows.map((row) => ({
    holdingId: integer(row, 'holding_id'),
    chunk: integer(row, 'chunk'),
    sets: bytes(row, 'sets'),
  }))
}

export interface StoredHolding extends Holding {
  readonly id: number
}

/** Of packages; those of one package together and in order. */
export async function listHoldingsOf(
  reader: SqlReader,
  packageIds: readonly number[],
): Promise<readonly StoredHolding[]> {
  const rows = await readByIds(
    reader,
    packageIds,
    (places) => `SELECT id, package_id, owners FROM holdings
     WHERE package_id IN (${places}) ORDER BY package_id, id`,
  )
  return rows.map(holdingOf)
}

/** The packages' findings, or what is said of their owners, may be others now. Each id once. */
export async function markUncounted(tx: SqlWriter, packageIds: readonly number[]): Promise<void> {
  const into = 'uncounted_packages (package_id, mark)'
  const onConflict = 'ON CONFLICT (package_id) DO UPDATE SET mark = uncounted_packages.mark + 1'
  await insertRows(
    tx,
    { into, onConflict },
    packageIds.map((id) => [id, 1]),
  )
}

/** Packages of whose files some are owned by one of these: what is said of the owner decides for them. */
export async function listOwnedPackages(
  reader: SqlReader,
  ownerIds: readonly number[],
): Promise<readonly number[]> {
  const rows = await readByIds(
    reader,
    ownerIds,
    (places) => `SELECT DISTINCT package_id FROM holding_owners WHERE owner_id IN (${places})`,
  )
  return rows.map((row) => integer(row, 'package_id'))
}

/** Those of the packages that own files of others. */
export async function listOwners(
  reader: SqlReader,
  packageIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await readByIds(
    reader,
    packageIds,
    (places) => `SELECT DISTINCT owner_id FROM holding_owners WHERE owner_id IN (${places})`,
  )
  return new Set(rows.map((row) => integer(row, 'owner_id')))
}

export interface UncountedPackage {
  readonly packageId: number
  readonly mark: number
}

export async function listUncountedPackages(
  reader: SqlReader,
  limit: number,
): Promise<readonly UncountedPackage[]> {
  const rows = await reader.all(
    'SELECT package_id, mark FROM uncounted_packages ORDER BY package_id LIMIT $1',
    [limit],
  )
  return rows.map((row) => ({
    packageId: integer(row, 'package_id'),
    mark: integer(row, 'mark'),
  }))
}

/** Those of them that were not asked for again meanwhile, which wait no more. */
export async function deleteUncounted(
  tx: SqlWriter,
  waiting: readonly UncountedPackage[],
): Promise<ReadonlySet<number>> {
  const rows = await readByIds(
    tx,
    waiting.map(({ packageId }) => packageId),
    (places) => `SELECT package_id, mark FROM uncounted_packages WHERE package_id IN (${places})`,
  )
  const marks = new Map(rows.map((row) => [integer(row, 'package_id'), integer(row, 'mark')]))
  const done = waiting.filter(({ packageId, mark }) => marks.get(packageId) === mark)
  const ids = done.map(({ packageId }) => packageId)
  await writeByIds(
    tx,
    ids,
    (places) => `DELETE FROM uncounted_packages WHERE package_id IN (${places})`,
  )
  return new Set(ids)
}

function holdingOf(row: SqlRow): StoredHolding {
  const owners = text(row, 'owners')
  return {
    id: integer(row, 'id'),
    packageId: integer(row, 'package_id'),
    owners: owners === '' ? [] : owners.split(',').map(Number),
  }
}
