import { listPolicyRows } from '../../admission/admission-policy-store.ts'
import { listClusters } from '../../admission/cluster-store.ts'
import { maxPolicies, readAdmissionPolicy } from '../../admission/put-admission-policy.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import type { AdmissionEvidence } from '../rules/evidence.ts'

/** `now` in milliseconds. */
export async function readAdmission(
  reader: SqlReader,
  account: AccountId,
  now: number,
): Promise<AdmissionEvidence> {
  const clusters = await listClusters(reader, account)
  const policies = await listPolicyRows(reader, account, maxPolicies)
  return {
    clusters: clusters.map(({ name, settings, lastAskedAt }) => ({
      name,
      withoutPolicy: settings.withoutPolicy,
      bindings: settings.bindings,
      hasAsked: lastAskedAt !== undefined,
    })),
    policies: policies.map(({ text }) => readAdmissionPolicy(text, now)),
  }
}
