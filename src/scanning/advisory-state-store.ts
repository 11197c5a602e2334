import {
  instant,
  integer,
  integerOrAbsent,
  textOrAbsent,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

/** Which revision of the data is in force, and whether a next one is being written. */
export interface AdvisoryState {
  /** 0 before the first import. */
  readonly revision: number
  /** Every package that was ever matched is right as of this revision. */
  readonly evaluatedRevision: number
  /** What earlier revisions had is removed; they cannot be asked for. */
  readonly keptFrom: number
  readonly pending:
    | { readonly revision: number; readonly owner: string | undefined; readonly until: Date }
    | undefined
}

export async function readAdvisoryState(reader: SqlReader): Promise<AdvisoryState> {
  const row = await reader.first(
    `SELECT revision, evaluated_revision, kept_from_revision, pending_revision, pending_owner, pending_until
     FROM advisory_state WHERE only_row = 1`,
  )
  if (row === undefined) throw new Error('the advisory state has no row')
  const pending = integerOrAbsent(row, 'pending_revision')
  return {
    revision: integer(row, 'revision'),
    evaluatedRevision: integer(row, 'evaluated_revision'),
    keptFrom: integer(row, 'kept_from_revision'),
    pending:
      pending === undefined
        ? undefined
        : {
            revision: pending,
            owner: textOrAbsent(row, 'pending_owner'),
            until: new Date(integerOrAbsent(row, 'pending_until') ?? 0),
          },
  }
}

/** Names the revision that `owner` writes; the caller has checked that nobody else does. */
export async function claimPendingRevision(
  tx: SqlWriter,
  claim: { readonly revision: number; readonly owner: string; readonly until: Date },
): Promise<void> {
  await tx.run(
    `UPDATE advisory_state SET pending_revision = $1, pending_owner = $2, pending_until = $3
     WHERE only_row = 1`,
    [claim.revision, claim.owner, claim.until.getTime()],
  )
}

/** False when the pending revision is not the owner's any more. */
export async function renewPendingRevision(
  tx: SqlWriter,
  owner: string,
  until: Date,
): Promise<boolean> {
  const written = await tx.run(
    'UPDATE advisory_state SET pending_until = $1 WHERE only_row = 1 AND pending_owner = $2',
    [until.getTime(), owner],
  )
  return written === 1
}

export async function clearPendingRevision(tx: SqlWriter): Promise<void> {
  await tx.run(
    `UPDATE advisory_state SET pending_revision = NULL, pending_owner = NULL, pending_until = NULL
     WHERE only_row = 1`,
  )
}

/** From this row on everybody reads `revision`. */
export async function publishRevision(
  tx: SqlWriter,
  published: {
    readonly revision: number
    readonly source: string
    readonly origin: string
    readonly added: number
    readonly changed: number
    readonly removed: number
  },
  now: Date,
): Promise<void> {
  await tx.run('UPDATE advisory_state SET revision = $1 WHERE only_row = 1', [published.revision])
  await tx.run(
    `INSERT INTO advisory_revisions (revision, source, origin, added, changed, removed, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      published.revision,
      published.source,
      published.origin,
      published.added,
      published.changed,
      published.removed,
      now.getTime(),
    ],
  )
}

/** When a revision became visible; undefined for one that is not known any more. */
export async function findRevisionDate(
  reader: SqlReader,
  revision: number,
): Promise<Date | undefined> {
  const row = await reader.first('SELECT at FROM advisory_revisions WHERE revision = $1', [
    revision,
  ])
  return row === undefined ? undefined : instant(row, 'at')
}

export async function writeEvaluatedRevision(tx: SqlWriter, revision: number): Promise<void> {
  await tx.run(
    'UPDATE advisory_state SET evaluated_revision = $1 WHERE only_row = 1 AND evaluated_revision < $1',
    [revision],
  )
}

/** The revision that was in force at a moment; undefined before the first that is known of. */
export async function findRevisionAt(reader: SqlReader, at: Date): Promise<number | undefined> {
  const row = await reader.first(
    'SELECT revision FROM advisory_revisions WHERE at <= $1 ORDER BY at DESC, revision DESC LIMIT 1',
    [at.getTime()],
  )
  return row === undefined ? undefined : integer(row, 'revision')
}
