import type { AccountId } from '../policy/account-id.ts'
import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** The document as it was put; undefined where an account keeps nothing beyond its policies. */
export async function findGuardText(
  reader: SqlReader,
  account: AccountId,
): Promise<string | undefined> {
  const row = await reader.first('SELECT text FROM lifecycle_guards WHERE account = $1', [account])
  return row === undefined ? undefined : text(row, 'text')
}

export async function writeGuards(
  tx: SqlWriter,
  guards: { readonly account: AccountId; readonly text: string; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO lifecycle_guards (account, text, put_at, put_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE SET text = excluded.text, put_at = excluded.put_at, put_by = excluded.put_by`,
    [guards.account, guards.text, now.getTime(), guards.by],
  )
}

export async function deleteGuardsRow(tx: SqlWriter, account: AccountId): Promise<boolean> {
  return (await tx.run('DELETE FROM lifecycle_guards WHERE account = $1', [account])) > 0
}
