import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { endBackfill, findBackfill, type Backfill } from './backfill-store.ts'
import { replicationError } from './errors.ts'
import { forgottenBefore } from './start-backfill.ts'

/** At once, as no copy is ever under way. BACKFILL_UNKNOWN, BACKFILL_ENDED. */
export async function stopBackfill(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly account: AccountId; readonly id: string },
): Promise<Backfill> {
  const now = deps.clock.now()
  return deps.database.transaction(async (tx) => {
    const backfill = await getBackfill(tx, { ...input, now })
    if (backfill.endedAt !== undefined) {
      const message = `the replication backfill with id '${backfill.id}' is ${backfill.state}: only one that is in progress can be stopped`
      throw replicationError('BACKFILL_ENDED', message)
    }
    await endBackfill(tx, backfill.id, 'STOPPED', now)
    return { ...backfill, state: 'STOPPED', endedAt: now }
  })
}

/** Or BACKFILL_UNKNOWN. */
export async function getBackfill(
  reader: SqlReader,
  { account, id, now }: { readonly account: AccountId; readonly id: string; readonly now: Date },
): Promise<Backfill> {
  const found = await findBackfill(reader, account, id.toLowerCase())
  const isTold =
    found !== undefined && (found.endedAt === undefined || found.endedAt > forgottenBefore(now))
  if (isTold) return found
  const message = `the replication backfill with id '${id}' does not exist in the registry with id '${account}'`
  throw replicationError('BACKFILL_UNKNOWN', message)
}
