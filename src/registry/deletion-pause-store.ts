// The collector removes no bytes while a pause is in force: a backup copies those that its snapshot names.
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'

export async function insertDeletionPause(
  tx: SqlWriter,
  pause: { readonly id: string; readonly reason: string; readonly endsAt: Date },
  now: Date,
): Promise<void> {
  await tx.run('DELETE FROM deletion_pauses WHERE ends_at <= $1', [now.getTime()])
  await tx.run('INSERT INTO deletion_pauses (id, reason, ends_at) VALUES ($1, $2, $3)', [
    pause.id,
    pause.reason,
    pause.endsAt.getTime(),
  ])
}

/** False when it had ended before: bytes may have gone meanwhile. */
export async function renewDeletionPause(
  tx: SqlWriter,
  id: string,
  endsAt: Date,
  now: Date,
): Promise<boolean> {
  const changed = await tx.run(
    'UPDATE deletion_pauses SET ends_at = $1 WHERE id = $2 AND ends_at > $3',
    [endsAt.getTime(), id, now.getTime()],
  )
  return changed === 1
}

export async function deleteDeletionPause(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM deletion_pauses WHERE id = $1', [id])
}

export async function isDeletionPaused(reader: SqlReader, now: Date): Promise<boolean> {
  const row = await reader.first('SELECT id FROM deletion_pauses WHERE ends_at > $1 LIMIT 1', [
    now.getTime(),
  ])
  return row !== undefined
}
