import { getBackfill } from '../../../replication/stop-backfill.ts'
import { ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { cursorOf } from './page.ts'
import { renderBackfill, renderEnding } from './replication-shape.ts'

/** No progress and no results of images: none was ever prepared, let alone copied. */
export async function describeReplicationBackfillResults(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly replicationBackfillId: string
    readonly resultStatusFilter?: 'COMPLETE' | 'FAILED'
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const { replicationBackfillId: id, resultStatusFilter } = input
  const backfill = await getBackfill(deps.database, { account, id, now: deps.clock.now() })
  // There is no further page, so any token is of another list.
  cursorOf(deps, {
    operation: 'DescribeReplicationBackfillResults',
    inputs: [account, id, resultStatusFilter ?? ''],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  })
  return {
    registryId: account,
    ...renderBackfill(backfill),
    ...renderEnding(backfill),
    results: [],
  }
}
