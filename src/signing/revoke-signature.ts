import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import { findJob, writeJobRevocation, type SigningJob } from './job-store.ts'

/** SIGNING_JOB_UNKNOWN. */
export async function requireJob(
  reader: SqlReader,
  account: AccountId,
  id: string,
): Promise<SigningJob> {
  const job = await findJob(reader, account, id)
  if (job !== undefined) return job
  const message = `account ${account} has no signing job ${JSON.stringify(id.slice(0, 100))}`
  throw signingError('SIGNING_JOB_UNKNOWN', message)
}

/** What else is to happen in the transaction of a revocation. */
export type OnRevoked = (tx: SqlWriter, now: Date) => Promise<void>

/** For good. Once more is the same as once: the first reason stays. */
export async function revokeSignature(
  deps: { readonly database: Database; readonly clock: Clock; readonly onRevoked: OnRevoked },
  input: {
    readonly account: AccountId
    readonly id: string
    readonly reason: string
    readonly by: string
  },
): Promise<void> {
  const { account, id, reason, by } = input
  await deps.database.transaction(async (tx) => {
    const job = await requireJob(tx, account, id)
    if (job.revocation !== undefined) return
    const at = deps.clock.now()
    await writeJobRevocation(tx, job, { at, by, reason })
    await deps.onRevoked(tx, at)
  })
}
