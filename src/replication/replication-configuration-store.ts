import type { AccountId } from '../policy/account-id.ts'
import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import type { ReplicationRule } from './rules/replication-rules.ts'

/** None where none were put. */
export async function findReplicationRules(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly ReplicationRule[]> {
  const row = await reader.first(
    'SELECT rules FROM replication_configurations WHERE account = $1',
    [account],
  )
  if (row === undefined) return []
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by writeReplicationRules from such a value
  const rules = JSON.parse(text(row, 'rules')) as readonly (Pick<ReplicationRule, 'destinations'> &
    Partial<ReplicationRule>)[]
  return rules.map(({ destinations, prefixes, deletions }) => ({
    destinations,
    prefixes,
    deletions,
  }))
}

/** In the place of what was there. */
export async function writeReplicationRules(
  tx: SqlWriter,
  account: AccountId,
  put: { readonly rules: readonly ReplicationRule[]; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO replication_configurations (account, rules, put_by, put_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE SET rules = excluded.rules, put_by = excluded.put_by, put_at = excluded.put_at`,
    [account, JSON.stringify(put.rules), put.by, now.getTime()],
  )
}
