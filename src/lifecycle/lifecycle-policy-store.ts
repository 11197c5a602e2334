import {
  instantOrAbsent,
  integer,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface StoredLifecyclePolicy {
  /** Byte for byte as it was put. */
  readonly text: string
  /** When a run ended last. */
  readonly evaluatedAt: Date | undefined
}

export async function findLifecyclePolicy(
  reader: SqlReader,
  repositoryId: number,
): Promise<StoredLifecyclePolicy | undefined> {
  const row = await reader.first(
    'SELECT text, evaluated_at FROM lifecycle_policies WHERE repository_id = $1',
    [repositoryId],
  )
  if (row === undefined) return undefined
  return { text: text(row, 'text'), evaluatedAt: instantOrAbsent(row, 'evaluated_at') }
}

/** In place of the one before; when that was carried out last is forgotten. */
export async function writeLifecyclePolicy(
  tx: SqlWriter,
  policy: { readonly repositoryId: number; readonly text: string; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO lifecycle_policies (repository_id, text, put_at, put_by, evaluated_at) VALUES ($1, $2, $3, $4, NULL)
     ON CONFLICT (repository_id) DO UPDATE SET text = excluded.text, put_at = excluded.put_at,
       put_by = excluded.put_by, evaluated_at = NULL`,
    [policy.repositoryId, policy.text, now.getTime(), policy.by],
  )
}

export async function deleteLifecyclePolicyRow(tx: SqlWriter, repositoryId: number): Promise<void> {
  await tx.run('DELETE FROM lifecycle_policies WHERE repository_id = $1', [repositoryId])
}

export async function markEvaluated(tx: SqlWriter, repositoryId: number, now: Date): Promise<void> {
  await tx.run('UPDATE lifecycle_policies SET evaluated_at = $2 WHERE repository_id = $1', [
    repositoryId,
    now.getTime(),
  ])
}

/** Repositories that have a policy, in order, after one of them. */
export async function listPolicyHolders(
  reader: SqlReader,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly number[]> {
  const rows = await reader.all(
    'SELECT repository_id FROM lifecycle_policies WHERE repository_id > $1 ORDER BY repository_id LIMIT $2',
    [page.after, page.limit],
  )
  return rows.map((row) => integer(row, 'repository_id'))
}
