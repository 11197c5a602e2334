import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
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

/** For good. Once more is the same as once: the first reason stays. */
export async function revokeSignature(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly account: AccountId
    readonly id: string
    readonly reason: string
    readonly by: string
  },
): Promise<void> {
  const { account, id, reason, by } = input
  await database.transaction(async (tx) => {
    const job = await requireJob(tx, account, id)
    if (job.revocation !== undefined) return
    await writeJobRevocation(tx, job, { at: clock.now(), by, reason })
  })
}
