import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { replicationError } from './errors.ts'
import { writeReplicationRules } from './replication-configuration-store.ts'
import { faultOfReplication, type ReplicationRule } from './rules/replication-rules.ts'

/** The whole configuration, in the place of the former one; no rules end all replication. REPLICATION_INVALID. */
export async function putReplication(
  deps: { readonly database: Database; readonly clock: Clock; readonly region: string },
  input: {
    readonly account: AccountId
    readonly rules: readonly ReplicationRule[]
    readonly by: string
  },
): Promise<void> {
  const { account, rules } = input
  const fault = faultOfReplication(rules, { region: deps.region, registry: account })
  if (fault !== undefined) throw replicationError('REPLICATION_INVALID', fault)
  const now = deps.clock.now()
  await deps.database.transaction((tx) => writeReplicationRules(tx, account, input, now))
}
