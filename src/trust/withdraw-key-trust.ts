import { createHash } from 'node:crypto'
import { enqueue } from '../jobs/queue.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { reevaluateJobOf } from './evaluation-jobs.ts'
import { listMaterial, writeMaterial } from './trust-material-store.ts'
import { growRevision, listPoliciesNaming } from './trust-policy-store.ts'
import { withdrawSignerTrust } from './withdraw-signer-trust.ts'

const mostKeys = 1000

/**
 * In the transaction in which a named key is revoked: its certificate counts no more, and where the account trusts its public part by
 * itself, that ends from the same moment on.
 */
export async function withdrawKeyTrust(
  tx: SqlWriter,
  key: {
    readonly account: AccountId
    /** DER, SubjectPublicKeyInfo. */
    readonly publicKey: Uint8Array
    readonly from: Date
    readonly by: string
  },
  now: Date,
): Promise<void> {
  const { account, publicKey, by } = key
  const fingerprint = createHash('sha256').update(publicKey).digest('hex')
  const from = key.from.getTime()
  for (const { material } of await listMaterial(tx, account, 'key', mostKeys)) {
    if (material.kind !== 'key' || material.fingerprint !== fingerprint) continue
    if (material.revokedFrom !== undefined && material.revokedFrom <= from) continue
    await writeMaterial(tx, account, { material: { ...material, revokedFrom: from }, by }, now)
    const policies = await listPoliciesNaming(tx, account, material)
    for (const policy of policies) await growRevision(tx, account, policy, { onlyAdds: false })
    if (policies.length > 0) await enqueue(tx, reevaluateJobOf(account), now)
  }
  await withdrawSignerTrust(tx, now)
}
