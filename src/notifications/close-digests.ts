import type { Clock } from '../lib/clock.ts'
import type { Database } from '../storage/database/database.ts'
import { deleteDigest, listDueDigests } from './digest-store.ts'
import { insertDelivery } from './delivery-store.ts'
import { findSinkById } from './sink-store.ts'

const digestsAtOnce = 100

/** Each digest whose time has come becomes one message of its sink. */
export async function closeDigests({
  database,
  clock,
  region,
}: {
  readonly database: Database
  readonly clock: Clock
  readonly region: string
}): Promise<void> {
  const now = clock.now()
  const due = await listDueDigests(database, { now, limit: digestsAtOnce })
  for (const { sinkId, noticeId, summary } of due) {
    await database.transaction(async (tx) => {
      const sink = await findSinkById(tx, sinkId)
      await deleteDigest(tx, sinkId)
      if (sink === undefined) return
      const body = { kind: 'digest', summary } as const
      const notice = { id: noticeId, account: sink.account, region, at: now.toISOString(), body }
      await insertDelivery(tx, sinkId, notice, now)
    })
  }
}
