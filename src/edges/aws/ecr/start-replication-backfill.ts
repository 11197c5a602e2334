import { startBackfill } from '../../../replication/start-backfill.ts'
import { ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { readDestination, renderBackfill, type DestinationShape } from './replication-shape.ts'

export async function startReplicationBackfill(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly destination: DestinationShape },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const destination = readDestination(input.destination)
  const by = call.caller.principalArn
  const backfill = await startBackfill(deps, { account, destination, by })
  return { registryId: account, ...renderBackfill(backfill) }
}
