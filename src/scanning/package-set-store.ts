import {
  bytes,
  integer,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { dropSetCounts } from './set-count-store.ts'

export interface PackageSet {
  readonly id: number
  /** Whether all its postings name it. */
  readonly isPosted: boolean
}

/** The set with this hash, made at its first sight. */
export async function putPackageSet(
  tx: SqlWriter,
  set: { readonly hash: string; readonly members: Uint8Array },
): Promise<PackageSet> {
  const known = await tx.first('SELECT id, state FROM package_sets WHERE hash = $1', [set.hash])
  if (known !== undefined)
    return { id: integer(known, 'id'), isPosted: text(known, 'state') === 'posted' }
  const made = await tx.first(
    'INSERT INTO package_sets (hash, members) VALUES ($1, $2) RETURNING id',
    [set.hash, set.members],
  )
  if (made === undefined) throw new Error('a package set was written without a row')
  return { id: integer(made, 'id'), isPosted: false }
}

/** The set was let go of while somebody made or used it: what was done is to be begun anew. */
export class PackageSetGone extends Error {
  constructor() {
    super('the package set was let go of meanwhile')
  }
}

/** From now on the set is found from its packages, and waits for being counted. Throws PackageSetGone. */
export async function markPosted(tx: SqlWriter, setId: number): Promise<void> {
  const written = await tx.run(
    `UPDATE package_sets SET state = 'posted' WHERE id = $1 AND state = 'posting'`,
    [setId],
  )
  if (written === 0) return requirePosted(tx, setId)
  await tx.run('INSERT INTO uncounted_sets (set_id) VALUES ($1) ON CONFLICT (set_id) DO NOTHING', [
    setId,
  ])
}

/** In the transaction that gives an image the set. Throws PackageSetGone. */
export async function requirePosted(tx: SqlWriter, setId: number): Promise<void> {
  const row = await tx.first('SELECT state FROM package_sets WHERE id = $1', [setId])
  if (row === undefined || text(row, 'state') !== 'posted') throw new PackageSetGone()
}

/** Sets after `after` that no image has. */
export async function listUnusedSets(
  reader: SqlReader,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{ readonly unused: readonly number[]; readonly last: number | undefined }> {
  const rows = await reader.all(
    `SELECT s.id, EXISTS (SELECT 1 FROM image_scans i WHERE i.package_set_id = s.id) AS used
     FROM package_sets s WHERE s.id > $1 AND s.state <> 'leaving' ORDER BY s.id LIMIT $2`,
    [after, limit],
  )
  const unused = rows.filter((row) => Number(row['used']) === 0).map((row) => integer(row, 'id'))
  const last = rows.at(-1)
  return { unused, last: last === undefined ? undefined : integer(last, 'id') }
}

/** From now on nobody finds the set by its hash or counts it; nothing where an image has it by now. */
export async function letGoOfSet(tx: SqlWriter, setId: number): Promise<void> {
  const written = await tx.run(
    `UPDATE package_sets SET state = 'leaving', hash = 'leaving ' || id
     WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM image_scans WHERE package_set_id = $1)`,
    [setId],
  )
  if (written === 0) return
  await dropSetCounts(tx, setId)
}

export async function listLeavingSets(
  reader: SqlReader,
  limit: number,
): Promise<readonly { readonly id: number; readonly members: Uint8Array }[]> {
  const rows = await reader.all(
    `SELECT id, members FROM package_sets WHERE state = 'leaving' ORDER BY id LIMIT $1`,
    [limit],
  )
  return rows.map((row) => ({ id: integer(row, 'id'), members: bytes(row, 'members') }))
}

export async function deletePackageSet(tx: SqlWriter, setId: number): Promise<void> {
  await tx.run(`DELETE FROM package_sets WHERE id = $1 AND state = 'leaving'`, [setId])
}

export async function listUncountedSets(
  reader: SqlReader,
  limit: number,
): Promise<readonly { readonly id: number; readonly members: Uint8Array }[]> {
  const rows = await reader.all(
    `SELECT s.id, s.members FROM uncounted_sets u JOIN package_sets s ON s.id = u.set_id
     ORDER BY u.set_id LIMIT $1`,
    [limit],
  )
  return rows.map((row) => ({ id: integer(row, 'id'), members: bytes(row, 'members') }))
}

/** Whether the counts of all counted sets are those of now: nothing waits for being held against the data, counted or added. */
export async function areCountsCurrent(reader: SqlReader): Promise<boolean> {
  const { revision, evaluatedRevision } = await readAdvisoryState(reader)
  if (evaluatedRevision < revision) return false
  const waiting = await reader.first('SELECT package_id FROM uncounted_packages LIMIT 1')
  if (waiting !== undefined) return false
  const changed = await reader.first(
    'SELECT holding_id FROM holding_counts WHERE counts <> applied LIMIT 1',
  )
  if (changed !== undefined) return false
  return (await reader.first('SELECT holding_id FROM count_changes LIMIT 1')) === undefined
}

/** How far the counts of sets are; see migration 0016. */
export interface CountState {
  readonly stage: 'gathering' | 'adding'
  readonly cursor: number
}

export async function readCountState(reader: SqlReader): Promise<CountState> {
  const row = await reader.first('SELECT stage, cursor FROM count_state WHERE only_row = 1')
  if (row === undefined) throw new Error('the state of counting has no row')
  const stage = text(row, 'stage') === 'adding' ? 'adding' : 'gathering'
  return { stage, cursor: integer(row, 'cursor') }
}

export async function writeCountState(tx: SqlWriter, { stage, cursor }: CountState): Promise<void> {
  await tx.run('UPDATE count_state SET stage = $1, cursor = $2 WHERE only_row = 1', [stage, cursor])
}
