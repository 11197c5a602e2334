import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { enqueue, housekeepingPriority } from '../jobs/queue.ts'
import { lifetime, type RescanDurations } from './rules/rescan-eligibility.ts'
import {
  findRescanDurations,
  writeRescanDurations,
  type PutRescanDurations,
} from './scanning-settings-store.ts'

/** For how long the account's images are scanned continuously; `putAt` is absent where nobody put it. */
export async function describeRescanDurations(
  reader: SqlReader,
  account: AccountId,
): Promise<RescanDurations & Partial<Pick<PutRescanDurations, 'putAt'>>> {
  return (await findRescanDurations(reader, account)) ?? lifetime
}

/** From now on; images that thereby leave or come back do so by the job that is asked for, and a reader sees it at once. */
export async function putRescanDurations(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: { readonly account: AccountId; readonly durations: RescanDurations },
): Promise<void> {
  const now = clock.now()
  await database.transaction(async (tx) => {
    await writeRescanDurations(tx, input.account, input.durations, now)
    await enqueue(tx, reviewOf({}), now)
  })
}

/** Goes through images whose dates may have put them out of continuous scanning, or back. */
export const reviewEligibilityJob = 'review-eligibility'

export function reviewOf(input: Readonly<Record<string, unknown>>): Parameters<typeof enqueue>[1] {
  return { kind: reviewEligibilityJob, key: 'scheduled', input, priority: housekeepingPriority }
}
