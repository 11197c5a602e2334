import type { TufState } from '../signatures/tuf/update-tuf.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  bytes,
  instant,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface PublicRootState {
  readonly documents: TufState
  readonly trustedRoot: Uint8Array
  /** Undefined: never since it was shipped. */
  readonly confirmedAt: Date | undefined
  readonly triedAt: Date
  /** Why the last try came to nothing. */
  readonly failure: string | undefined
}

export async function findPublicRootState(reader: SqlReader): Promise<PublicRootState | undefined> {
  const row = await reader.first('SELECT * FROM public_root_state WHERE id = 1', [])
  if (row === undefined) return undefined
  const confirmedAt = instant(row, 'confirmed_at')
  return {
    documents: {
      root: bytes(row, 'root'),
      ...documentIn(row, 'timestamp'),
      ...documentIn(row, 'snapshot'),
      ...documentIn(row, 'targets'),
    },
    trustedRoot: bytes(row, 'trusted_root'),
    confirmedAt: confirmedAt.getTime() === 0 ? undefined : confirmedAt,
    triedAt: instant(row, 'tried_at'),
    failure: textOrAbsent(row, 'failure'),
  }
}

function documentIn(
  row: SqlRow,
  role: 'timestamp' | 'snapshot' | 'targets',
): Partial<Record<typeof role, Uint8Array>> {
  const column = `${role}_document`
  return row[column] === null ? {} : { [role]: bytes(row, column) }
}

export async function writePublicRootState(tx: SqlWriter, state: PublicRootState): Promise<void> {
  const { documents, trustedRoot, confirmedAt, triedAt, failure } = state
  const { root, timestamp, snapshot, targets } = documents
  await tx.run('DELETE FROM public_root_state WHERE id = 1', [])
  await tx.run(
    `INSERT INTO public_root_state (id, confirmed_at, tried_at, failure, root, timestamp_document, snapshot_document,
       targets_document, trusted_root) VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      confirmedAt?.getTime() ?? 0,
      triedAt.getTime(),
      failure ?? null,
      root,
      timestamp ?? null,
      snapshot ?? null,
      targets ?? null,
      trustedRoot,
    ],
  )
}

/** A root of the account that follows the public instance. */
export interface PublicRoot {
  readonly account: AccountId
  readonly name: string
  /** ARN of who wanted it. */
  readonly by: string
}

export async function listPublicRoots(
  reader: SqlReader,
  limit: number,
): Promise<readonly PublicRoot[]> {
  const rows = await reader.all(
    'SELECT account, name, put_by FROM public_roots ORDER BY account, name LIMIT $1',
    [limit],
  )
  return rows.flatMap((row) => {
    const account = parseAccountId(text(row, 'account'))
    return account === undefined
      ? []
      : [{ account, name: text(row, 'name'), by: text(row, 'put_by') }]
  })
}

export async function isPublicRoot(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<boolean> {
  const row = await reader.first(
    'SELECT 1 AS one FROM public_roots WHERE account = $1 AND name = $2',
    [account, name],
  )
  return row !== undefined
}

export async function followPublicRoot(tx: SqlWriter, root: PublicRoot): Promise<void> {
  await tx.run(
    `INSERT INTO public_roots (account, name, put_by) VALUES ($1, $2, $3)
     ON CONFLICT (account, name) DO UPDATE SET put_by = excluded.put_by`,
    [root.account, root.name, root.by],
  )
}

/** It is somebody's own from then on, or gone. */
export async function leavePublicRoot(
  tx: SqlWriter,
  account: AccountId,
  name: string,
): Promise<void> {
  await tx.run('DELETE FROM public_roots WHERE account = $1 AND name = $2', [account, name])
}
