import { listBackfills, type BackfillCursor } from '../../../replication/backfill-store.ts'
import { forgottenBefore } from '../../../replication/start-backfill.ts'
import { ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { cursorOf, nextTokenFor } from './page.ts'
import { renderBackfill, renderEnding } from './replication-shape.ts'

/** Of this list alone, as the model has it. */
const defaultBackfillsPage = 25

/** Newest first. */
export async function listReplicationBackfills(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const { nextToken, maxResults } = input
  const page = { operation: 'ListReplicationBackfills', inputs: account, nextToken, maxResults }
  const limit = maxResults ?? defaultBackfillsPage
  const found = await listBackfills(deps.database, account, {
    endedAfter: forgottenBefore(deps.clock.now()),
    before: readCursor(cursorOf(deps, page)),
    limit: limit + 1,
  })
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  const next = last && { startedAt: last.startedAt.getTime(), id: last.id }
  return {
    registryId: account,
    backfills: shown.map((one) => ({ ...renderBackfill(one), ...renderEnding(one) })),
    ...nextTokenFor(deps, page, next),
  }
}

/** The token is authenticated, so its shape is ours. */
function readCursor(cursor: unknown): BackfillCursor | undefined {
  if (typeof cursor !== 'object' || cursor === null) return undefined
  return { startedAt: 0, id: '', ...cursor }
}
