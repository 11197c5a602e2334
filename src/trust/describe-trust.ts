// Policies and material as people are told of them.
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { trustError } from './errors.ts'
import { loadMaterial } from './load-policies.ts'
import { findPublicRootState, isPublicRoot } from './public-root-store.ts'
import { maxPolicies, readTrustPolicy, requireTrustPolicy } from './put-trust-policy.ts'
import type { StoredMaterial } from './rules/trust-material.ts'
import type { MaterialReference } from './rules/trust-policy.ts'
import { findMaterial, listMaterial, type MaterialRow } from './trust-material-store.ts'
import {
  listPoliciesNaming,
  listPolicyRows,
  listPolicyVersions,
  type PolicyVersion,
} from './trust-policy-store.ts'

const maxListed = 1000
const maxVersions = 100

export interface PolicySummary {
  readonly name: string
  readonly version: number
  readonly putAt: Date
  readonly putBy: string
  readonly repositories: readonly string[]
  readonly scopes: readonly string[]
  readonly accept: readonly string[]
  readonly threshold: number
}

export async function listTrustPolicies(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly PolicySummary[]> {
  const rows = await listPolicyRows(reader, account, maxPolicies)
  return rows.map(({ name, version, putAt, putBy, text }) => {
    const { repositories, scopes, accept, threshold } = readTrustPolicy(text)
    const entries = accept.map(({ id, kind }) => `${id} (${kind})`)
    return { name, version, putAt, putBy, repositories, scopes, accept: entries, threshold }
  })
}

export interface ShownPolicy {
  readonly name: string
  readonly text: string
  readonly version: number
  readonly putAt: Date
  readonly putBy: string
  /** Newest first. */
  readonly versions: readonly PolicyVersion[]
  /** What it names, so that whoever reads it can judge by it. */
  readonly material: readonly StoredMaterial[]
}

/** TRUST_POLICY_UNKNOWN. */
export async function showTrustPolicy(
  reader: SqlReader,
  { account, name }: { readonly account: AccountId; readonly name: string },
): Promise<ShownPolicy> {
  const { text, version, putAt, putBy } = await requireTrustPolicy(reader, account, name)
  const { stores, keys, roots } = await loadMaterial(reader, account, readTrustPolicy(text))
  const versions = await listPolicyVersions(reader, account, name, maxVersions)
  const material = [...stores.values(), ...keys.values(), ...roots.values()]
  return { name, text, version, putAt, putBy, versions, material }
}

export interface DescribedMaterial extends MaterialRow {
  /** Policies that name it. */
  readonly policies: readonly string[]
  /** Of a root that follows the public instance: when it was last found to be the newest, and why not since. */
  readonly follows?: {
    readonly confirmedAt: Date | undefined
    readonly triedAt: Date
    readonly failure: string | undefined
  }
}

export async function listTrustMaterial(
  reader: SqlReader,
  { account, kind }: { readonly account: AccountId; readonly kind: MaterialReference['kind'] },
): Promise<readonly DescribedMaterial[]> {
  const described: DescribedMaterial[] = []
  for (const row of await listMaterial(reader, account, kind, maxListed))
    described.push({
      ...row,
      ...(await followed(reader, account, row)),
      policies: await listPoliciesNaming(reader, account, row.material),
    })
  return described
}

async function followed(
  reader: SqlReader,
  account: AccountId,
  { material }: MaterialRow,
): Promise<Pick<DescribedMaterial, 'follows'>> {
  if (material.kind !== 'root' || !(await isPublicRoot(reader, account, material.name))) return {}
  const state = await findPublicRootState(reader)
  if (state === undefined) return {}
  const { confirmedAt, triedAt, failure } = state
  return { follows: { confirmedAt, triedAt, failure } }
}

/** TRUST_MATERIAL_UNKNOWN. */
export async function showTrustMaterial(
  reader: SqlReader,
  { account, reference }: { readonly account: AccountId; readonly reference: MaterialReference },
): Promise<DescribedMaterial> {
  const row = await findMaterial(reader, account, reference)
  if (row !== undefined)
    return { ...row, policies: await listPoliciesNaming(reader, account, reference) }
  const message = `account ${account} has no ${reference.kind} ${reference.name}`
  throw trustError('TRUST_MATERIAL_UNKNOWN', message)
}
