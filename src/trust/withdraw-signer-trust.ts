import { enqueue } from '../jobs/queue.ts'
import { parseAccountId } from '../policy/account-id.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { reevaluateJobOf } from './evaluation-jobs.ts'
import { growRevision, listPoliciesOnAuthorities } from './trust-policy-store.ts'

/**
 * In the transaction in which a signature or a version of a profile is revoked: nothing that counted under policies which trust such
 * signers counts on before it was computed anew. Profiles are trusted across accounts, so policies of all of them are asked.
 */
export async function withdrawSignerTrust(tx: SqlWriter, now: Date): Promise<void> {
  for (const { account: text, policy } of await listPoliciesOnAuthorities(tx)) {
    const account = parseAccountId(text)
    if (account === undefined) continue
    await growRevision(tx, account, policy, { onlyAdds: false })
    await enqueue(tx, reevaluateJobOf(account), now)
  }
}
