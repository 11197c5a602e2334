import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { awsManagedPolicies } from '../policy/managed/aws-policies.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { accessError } from './errors.ts'
import {
  findPolicy,
  policyUnknown,
  requireManagedSize,
  requireOwnPolicy,
} from './managed-policies.ts'
import {
  appendVersion,
  deleteVersion,
  findVersion,
  listVersions,
  setDefaultVersion,
  type PolicyVersion,
} from './managed-policy-store.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { requirePolicy } from './require-policy.ts'

/** IAM keeps five. */
export const maxVersions = 5

export interface ListedVersion extends PolicyVersion {
  readonly isDefault: boolean
}

interface PolicyAddress {
  readonly account: AccountId
  readonly arn: string
}

type VersionAddress = PolicyAddress & { readonly version: number }

export async function createPolicyVersion(
  deps: { readonly database: Database; readonly clock: Clock },
  input: PolicyAddress & { readonly document: string; readonly setAsDefault: boolean },
): Promise<ListedVersion> {
  requireManagedSize(input.document)
  requirePolicy(input.document, 'identity')
  return deps.database.transaction(async (tx) => {
    const policy = await requireOwnPolicy(tx, input.account, input.arn)
    if ((await listVersions(tx, policy.id)).length >= maxVersions) {
      const message = `A managed policy can have up to ${maxVersions} versions. Before you create a new version, you must delete an existing version.`
      throw accessError('ENTITY_LIMIT', message)
    }
    const now = deps.clock.now()
    const made = await appendVersion(tx, policy, input.document, now)
    if (input.setAsDefault) await setDefaultVersion(tx, policy.id, made.version, now)
    await bumpPolicyEpoch(tx)
    return { ...made, isDefault: input.setAsDefault }
  })
}

/** Of the account's own policies and of AWS's. */
export async function getPolicyVersion(
  deps: { readonly reader: SqlReader },
  input: VersionAddress,
): Promise<ListedVersion> {
  const versions = await listPolicyVersions(deps, input)
  const found = versions.find(({ version }) => version === input.version)
  if (found === undefined) throw versionUnknown(input.arn, `v${input.version}`)
  return found
}

/** The newest first. */
export async function listPolicyVersions(
  deps: { readonly reader: SqlReader },
  input: PolicyAddress,
): Promise<readonly ListedVersion[]> {
  const ofAws = awsManagedPolicies.get(input.arn)
  if (ofAws !== undefined) {
    const { version, document, updatedAt } = ofAws
    return [{ version, document, createdAt: new Date(updatedAt), isDefault: true }]
  }
  const policy = await findPolicy(deps.reader, input.account, input.arn)
  if (policy === undefined) throw policyUnknown(input.arn)
  const versions = await listVersions(deps.reader, policy.id)
  return versions.map((one) => ({ ...one, isDefault: one.version === policy.defaultVersion }))
}

export async function setDefaultPolicyVersion(
  deps: { readonly database: Database; readonly clock: Clock },
  input: VersionAddress,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const policy = await requireOwnPolicy(tx, input.account, input.arn)
    await requireVersion(tx, policy, input)
    await setDefaultVersion(tx, policy.id, input.version, deps.clock.now())
    await bumpPolicyEpoch(tx)
  })
}

/** Any but the default one, which is deleted with the policy. */
export async function deletePolicyVersion(
  deps: { readonly database: Database },
  input: VersionAddress,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const policy = await requireOwnPolicy(tx, input.account, input.arn)
    await requireVersion(tx, policy, input)
    if (policy.defaultVersion === input.version) {
      throw accessError('ENTITY_IN_USE', 'Cannot delete the default version of a policy.')
    }
    await deleteVersion(tx, policy.id, input.version)
    await bumpPolicyEpoch(tx)
  })
}

async function requireVersion(
  reader: SqlReader,
  { id }: { readonly id: string },
  { arn, version }: VersionAddress,
): Promise<void> {
  if ((await findVersion(reader, id, version)) === undefined) {
    throw versionUnknown(arn, `v${version}`)
  }
}

/** `id`: `v3`. */
export function versionUnknown(arn: string, id: string): Error {
  const message = `Policy ${arn} version ${id} does not exist or is not attachable.`
  return accessError('ENTITY_UNKNOWN', message)
}
