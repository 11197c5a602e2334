import { stopBackfill } from '../../../replication/stop-backfill.ts'
import { ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { renderBackfill } from './replication-shape.ts'

export async function stopReplicationBackfill(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly replicationBackfillId: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const backfill = await stopBackfill(deps, { account, id: input.replicationBackfillId })
  return { registryId: account, ...renderBackfill(backfill) }
}
