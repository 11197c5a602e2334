import {
  instant,
  instantOrAbsent,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import {
  addCounts,
  noCounts,
  parseCollectionPhase,
  type CollectionCounts,
  type CollectionPhase,
} from './rules/collection.ts'

/** One run of the collector. */
export interface Collection {
  readonly id: number
  readonly isOpen: boolean
  readonly askedBy: 'schedule' | 'request'
  /** Manifests without a tag pushed before go too; undefined when nobody asked for that. */
  readonly untaggedBefore: Date | undefined
  readonly phase: CollectionPhase
  /** Where the phase goes on; empty at its beginning. */
  readonly cursor: string
  readonly counts: CollectionCounts
  /** Batches done. */
  readonly steps: number
  readonly startedAt: Date
  readonly endedAt: Date | undefined
}

const columns =
  'id, state, asked_by, untagged_before, phase, cursor, progress, steps, started_at, ended_at'

export async function findOpenCollection(reader: SqlReader): Promise<Collection | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM collections WHERE state = 'open'`)
  return row === undefined ? undefined : collectionOf(row)
}

export async function findCollection(
  reader: SqlReader,
  id: number,
): Promise<Collection | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM collections WHERE id = $1`, [id])
  return row === undefined ? undefined : collectionOf(row)
}

/** Newest first. */
export async function listCollections(
  reader: SqlReader,
  limit: number,
): Promise<readonly Collection[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM collections ORDER BY started_at DESC, id DESC LIMIT $1`,
    [limit],
  )
  return rows.map(collectionOf)
}

export async function insertCollection(
  tx: SqlWriter,
  run: Pick<Collection, 'askedBy' | 'untaggedBefore'>,
  now: Date,
): Promise<Collection> {
  const row = await tx.first(
    `INSERT INTO collections (state, asked_by, untagged_before, phase, cursor, progress, steps, started_at)
     VALUES ('open', $1, $2, 'uploads', '', $3, 0, $4) RETURNING ${columns}`,
    [run.askedBy, run.untaggedBefore?.getTime() ?? null, JSON.stringify(noCounts), now.getTime()],
  )
  if (row === undefined) throw new Error('an inserted collection has no row')
  return collectionOf(row)
}

/** After a batch, in its transaction, in which the run was read; without `next` the run ends. */
export async function advanceCollection(
  tx: SqlWriter,
  before: Collection,
  next: Pick<Collection, 'phase' | 'cursor'> | undefined,
  batch: Partial<CollectionCounts>,
  now: Date,
): Promise<void> {
  await tx.run(
    `UPDATE collections SET state = $1, phase = $2, cursor = $3, progress = $4, steps = steps + 1, ended_at = $5
     WHERE id = $6 AND state = 'open'`,
    [
      next === undefined ? 'ended' : 'open',
      next?.phase ?? before.phase,
      next?.cursor ?? '',
      JSON.stringify(addCounts(before.counts, batch)),
      next === undefined ? now.getTime() : null,
      before.id,
    ],
  )
}

/** Keeps the newest runs. */
export async function forgetCollections(tx: SqlWriter, startedBefore: Date): Promise<void> {
  await tx.run(`DELETE FROM collections WHERE started_at < $1 AND state <> 'open'`, [
    startedBefore.getTime(),
  ])
}

function collectionOf(row: SqlRow): Collection {
  const phase = parseCollectionPhase(text(row, 'phase'))
  if (phase === undefined) throw new Error(`collections row ${integer(row, 'id')} cannot be read`)
  return {
    id: integer(row, 'id'),
    isOpen: text(row, 'state') === 'open',
    askedBy: text(row, 'asked_by') === 'schedule' ? 'schedule' : 'request',
    untaggedBefore: instantOrAbsent(row, 'untagged_before'),
    phase,
    cursor: text(row, 'cursor'),
    counts: countsOf(text(row, 'progress')),
    steps: integer(row, 'steps'),
    startedAt: instant(row, 'started_at'),
    endedAt: instantOrAbsent(row, 'ended_at'),
  }
}

/** Counts that a former program did not keep are zero. */
function countsOf(json: string): CollectionCounts {
  const parsed: unknown = JSON.parse(json)
  const kept = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {})
  return addCounts(
    noCounts,
    Object.fromEntries(kept.filter(([, value]) => typeof value === 'number')),
  )
}
