// The trust policies that are about a repository, read and with what they stand on.
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { maxPolicies, readTrustPolicy } from './put-trust-policy.ts'
import { covers, type CoveredRepository } from './rules/policy-coverage.ts'
import { materialFrom, type TrustMaterial } from './rules/trust-material.ts'
import { materialOf, type TrustPolicy } from './rules/trust-policy.ts'
import { findMaterial } from './trust-material-store.ts'
import { listPolicyRows, type StoredTrustPolicy } from './trust-policy-store.ts'

/** Where this registry is reached, as policies name it. */
export interface TrustPlace {
  readonly region: string
  /** Names of this registry for the repositories of an account, lower case. */
  readonly hostsOf: (account: AccountId) => readonly string[]
}

export interface LoadedPolicy {
  readonly policy: TrustPolicy
  readonly revision: number
  readonly material: TrustMaterial
}

interface CoveringPolicy {
  readonly row: StoredTrustPolicy
  readonly policy: TrustPolicy
}

export async function loadPoliciesOf(
  reader: SqlReader,
  place: TrustPlace,
  repository: { readonly account: AccountId; readonly name: string },
): Promise<readonly LoadedPolicy[]> {
  const loaded: LoadedPolicy[] = []
  for (const { row, policy } of await coveringPolicies(reader, place, repository))
    loaded.push({
      policy,
      revision: row.revision,
      material: await loadMaterial(reader, repository.account, policy),
    })
  return loaded
}

/** In the order of names. */
export async function coveringPolicies(
  reader: SqlReader,
  { region, hostsOf }: TrustPlace,
  { account, name }: { readonly account: AccountId; readonly name: string },
): Promise<readonly CoveringPolicy[]> {
  const rows = await listPolicyRows(reader, account, maxPolicies)
  const all = rows.map((row) => ({ row, policy: readTrustPolicy(row.text) }))
  const repository: CoveredRepository = { account, name, region, hosts: hostsOf(account) }
  return all.filter(({ policy }) =>
    covers(
      policy,
      repository,
      all.flatMap((other) => (other.policy === policy ? [] : [other.policy])),
    ),
  )
}

/** What is named and not there is missing in the answer: a verifier finds it missing, and trusts nobody by it. */
export async function loadMaterial(
  reader: SqlReader,
  account: AccountId,
  policy: Pick<TrustPolicy, 'accept'>,
): Promise<TrustMaterial> {
  const found = []
  for (const reference of materialOf(policy)) {
    const row = await findMaterial(reader, account, reference)
    if (row !== undefined) found.push(row.material)
  }
  return materialFrom(found)
}
