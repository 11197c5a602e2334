import { putReplication } from '../../../replication/put-replication.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import {
  readReplicationRules,
  renderReplicationRules,
  type ReplicationConfigurationShape,
} from './replication-shape.ts'

export async function putReplicationConfiguration(
  deps: EcrDeps,
  input: { readonly replicationConfiguration: ReplicationConfigurationShape },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const rules = readReplicationRules(input.replicationConfiguration)
  await putReplication(deps, { account: caller.accountId, rules, by: caller.principalArn })
  return { replicationConfiguration: renderReplicationRules(rules) }
}
