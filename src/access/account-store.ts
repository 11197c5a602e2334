import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'

export async function insertAccount(tx: SqlWriter, id: AccountId, now: Date): Promise<void> {
  await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    id,
    now.getTime(),
  ])
}

/** A closed account exists: its id still addresses what it has. */
export async function accountExists(reader: SqlReader, id: string): Promise<boolean> {
  return (await reader.first('SELECT id FROM accounts WHERE id = $1', [id])) !== undefined
}
