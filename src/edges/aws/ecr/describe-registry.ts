import { findReplicationRules } from '../../../replication/replication-configuration-store.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { renderReplicationRules } from './replication-shape.ts'

export async function describeRegistry(
  deps: EcrDeps,
  _input: unknown,
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const rules = await findReplicationRules(deps.database, caller.accountId)
  return {
    registryId: caller.accountId,
    replicationConfiguration: renderReplicationRules(rules),
  }
}
