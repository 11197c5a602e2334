import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { parseStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export type ExportState = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'

/** A report of findings, or bills of materials of images, on its way or kept. */
export interface FindingExport {
  readonly id: string
  readonly account: AccountId
  readonly kind: 'findings' | 'sbom'
  /** CSV, JSON, CYCLONEDX_1_4, SPDX_2_3. */
  readonly format: string
  /** As they were asked for; the edge knows their shapes. */
  readonly criteria: unknown
  readonly destination: unknown
  readonly state: ExportState
  readonly failure: string | undefined
  readonly storageKey: StorageKey
  /** Bytes that are written and stay. */
  readonly size: number
  readonly entries: number
  /** Where the next part begins; undefined at the beginning. */
  readonly cursor: unknown
  readonly madeBy: string
  readonly createdAt: Date
  readonly endedAt: Date | undefined
}

const columns =
  'id, account, kind, format, criteria, destination, state, failure, storage_key, size, entries, cursor, made_by, created_at, ended_at'

export async function insertExport(tx: SqlWriter, made: FindingExport): Promise<void> {
  await tx.run(
    `INSERT INTO finding_exports (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, 0, 0, NULL, $9, $10, NULL)`,
    [
      made.id,
      made.account,
      made.kind,
      made.format,
      JSON.stringify(made.criteria),
      JSON.stringify(made.destination),
      made.state,
      made.storageKey,
      made.madeBy,
      made.createdAt.getTime(),
    ],
  )
}

export async function findExport(
  reader: SqlReader,
  id: string,
): Promise<FindingExport | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM finding_exports WHERE id = $1`, [id])
  return row === undefined ? undefined : exportOf(row)
}

/** A part is written; false when the export was cancelled meanwhile. */
export async function advanceExport(
  tx: SqlWriter,
  id: string,
  part: { readonly size: number; readonly entries: number; readonly cursor: unknown },
): Promise<boolean> {
  const written = await tx.run(
    `UPDATE finding_exports SET size = $2, entries = entries + $3, cursor = $4 WHERE id = $1 AND state = 'IN_PROGRESS'`,
    [id, part.size, part.entries, JSON.stringify(part.cursor)],
  )
  return written === 1
}

/** False when it had ended already. */
export async function endExport(
  tx: SqlWriter,
  id: string,
  end: { readonly state: Exclude<ExportState, 'IN_PROGRESS'>; readonly failure?: string },
  now: Date,
): Promise<boolean> {
  const written = await tx.run(
    `UPDATE finding_exports SET state = $2, failure = $3, ended_at = $4, cursor = NULL
     WHERE id = $1 AND state = 'IN_PROGRESS'`,
    [id, end.state, end.failure ?? null, now.getTime()],
  )
  return written === 1
}

export async function countOpenExports(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS n FROM finding_exports WHERE account = $1 AND state = 'IN_PROGRESS'`,
    [account],
  )
  return row === undefined ? 0 : integer(row, 'n')
}

/** Made before a moment, oldest first. */
export async function listOldExports(
  reader: SqlReader,
  before: Date,
  limit: number,
): Promise<readonly FindingExport[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM finding_exports WHERE created_at < $1 ORDER BY created_at LIMIT $2`,
    [before.getTime(), limit],
  )
  return rows.map(exportOf)
}

/** Of an account those that ended, beyond the newest `keep`. */
export async function listSurplusExports(
  reader: SqlReader,
  account: AccountId,
  { keep, limit }: { readonly keep: number; readonly limit: number },
): Promise<readonly FindingExport[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM finding_exports WHERE account = $1 AND state <> 'IN_PROGRESS'
     ORDER BY created_at DESC, id LIMIT $3 OFFSET $2`,
    [account, keep, limit],
  )
  return rows.map(exportOf)
}

export async function deleteExport(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM finding_exports WHERE id = $1', [id])
}

const states: readonly ExportState[] = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'CANCELLED']

function exportOf(row: SqlRow): FindingExport {
  const account = parseAccountId(text(row, 'account'))
  const storageKey = parseStorageKey(text(row, 'storage_key'))
  const state = states.find((known) => known === text(row, 'state'))
  if (account === undefined || storageKey === undefined || state === undefined)
    throw new Error('a finding_exports row cannot be read')
  const cursor = textOrAbsent(row, 'cursor')
  return {
    id: text(row, 'id'),
    account,
    kind: text(row, 'kind') === 'sbom' ? 'sbom' : 'findings',
    format: text(row, 'format'),
    criteria: JSON.parse(text(row, 'criteria')) as unknown,
    destination: JSON.parse(text(row, 'destination')) as unknown,
    state,
    failure: textOrAbsent(row, 'failure'),
    storageKey,
    size: integer(row, 'size'),
    entries: integer(row, 'entries'),
    cursor: cursor === undefined ? undefined : (JSON.parse(cursor) as unknown),
    madeBy: text(row, 'made_by'),
    createdAt: instant(row, 'created_at'),
    endedAt: instantOrAbsent(row, 'ended_at'),
  }
}
