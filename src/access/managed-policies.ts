import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  awsManagedPolicies,
  isAwsManagedArn,
  type AwsManagedPolicy,
} from '../policy/managed/aws-policies.ts'
import { parseManagedPolicyArn } from '../policy/managed/policy-arn.ts'
import { policyLimits, policySize } from '../policy/parse-policy.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { countPolicyUse, type PolicyUse } from './attachment-store.ts'
import { accessError } from './errors.ts'
import { deleteIdentityTags, type Tag } from './identity-tag-store.ts'
import { setTags } from './identity-tags.ts'
import {
  countManagedPolicies,
  deleteManagedPolicy,
  findManagedPolicyByName,
  insertManagedPolicy,
  listManagedPolicies,
  listVersions,
  type ManagedPolicy,
} from './managed-policy-store.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { requirePolicy } from './require-policy.ts'
import { uniqueId } from './rules/unique-id.ts'

/** AWS's own quota. */
export const maxPolicies = 1500

/** A managed policy of an account or of AWS, as an account sees it. */
export interface PolicySummary {
  readonly kind: 'own' | 'aws'
  readonly id: string
  readonly arn: string
  readonly name: string
  readonly path: string
  readonly description: string | undefined
  readonly defaultVersion: number
  readonly isAttachable: boolean
  readonly use: PolicyUse
  readonly createdAt: Date
  readonly updatedAt: Date
}

export async function createPolicy(
  deps: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: {
    readonly account: AccountId
    readonly name: string
    readonly path: string
    readonly description: string | undefined
    readonly document: string
    readonly tags: readonly Tag[]
  },
): Promise<PolicySummary> {
  const { account, name } = input
  requireManagedSize(input.document)
  requirePolicy(input.document, 'identity')
  const id = uniqueId((size) => deps.ids.bytes(size), 'ANPA')
  return deps.database.transaction(async (tx) => {
    if ((await findManagedPolicyByName(tx, account, name)) !== undefined) {
      const message = `A policy called ${name} already exists. Duplicate names are not allowed.`
      throw accessError('ENTITY_EXISTS', message)
    }
    if ((await countManagedPolicies(tx, account)) >= maxPolicies) {
      throw accessError(
        'ENTITY_LIMIT',
        `Cannot exceed quota for PoliciesPerAccount: ${maxPolicies}`,
      )
    }
    await insertManagedPolicy(tx, { ...input, id }, deps.clock.now())
    await setTags(tx, id, input.tags)
    await bumpPolicyEpoch(tx)
    const made = await findManagedPolicyByName(tx, account, name)
    if (made === undefined) throw new Error('a policy that was just written is not there')
    return summaryOf(tx, made)
  })
}

/** Of the account's own and of AWS's. */
export async function getPolicy(
  deps: { readonly reader: SqlReader },
  input: { readonly account: AccountId; readonly arn: string },
): Promise<PolicySummary> {
  const summary = await findPolicy(deps.reader, input.account, input.arn)
  if (summary === undefined) throw policyUnknown(input.arn)
  return summary
}

/** The policy with that ARN as the account sees it: its own and AWS's, of other accounts none. */
export async function findPolicy(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<PolicySummary | undefined> {
  const ofAws = awsManagedPolicies.get(arn)
  if (ofAws !== undefined) return awsSummaryOf(reader, account, ofAws)
  const own = await findOwnPolicy(reader, account, arn)
  return own === undefined ? undefined : summaryOf(reader, own)
}

/** All that the account can see, its own first. */
export async function listPolicies(
  deps: { readonly reader: SqlReader },
  input: { readonly account: AccountId; readonly scope: 'All' | 'AWS' | 'Local' },
): Promise<readonly PolicySummary[]> {
  const { account, scope } = input
  const own = scope === 'AWS' ? [] : await listManagedPolicies(deps.reader, account)
  const ofAws = scope === 'Local' ? [] : [...awsManagedPolicies.values()]
  const summaries: PolicySummary[] = []
  for (const policy of own) summaries.push(await summaryOf(deps.reader, policy))
  for (const policy of ofAws) summaries.push(await awsSummaryOf(deps.reader, account, policy))
  return summaries
}

/** Nobody may use it any more, and its default version is the only one left. */
export async function deletePolicy(
  deps: { readonly database: Database },
  input: { readonly account: AccountId; readonly arn: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const policy = await requireOwnPolicy(tx, input.account, input.arn)
    const { attachments, boundaries } = await countPolicyUse(tx, policy.account, policy.arn)
    if (attachments + boundaries > 0) {
      throw accessError('ENTITY_IN_USE', 'Cannot delete a policy attached to entities.')
    }
    if ((await listVersions(tx, policy.id)).length > 1) {
      const message =
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."
      throw accessError('ENTITY_IN_USE', message)
    }
    await deleteManagedPolicy(tx, policy.id)
    await deleteIdentityTags(tx, policy.id)
    await bumpPolicyEpoch(tx)
  })
}

/** The account's own policy of that ARN, to be changed. */
export async function requireOwnPolicy(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<ManagedPolicy> {
  if (isAwsManagedArn(arn)) {
    throw accessError(
      'ENTITY_UNMODIFIABLE',
      `Policy ${arn} is managed by AWS and cannot be changed.`,
    )
  }
  const policy = await findOwnPolicy(reader, account, arn)
  if (policy === undefined) throw policyUnknown(arn)
  return policy
}

async function findOwnPolicy(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<ManagedPolicy | undefined> {
  const named = parseManagedPolicyArn(arn)
  if (named?.account !== account) return undefined
  const policy = await findManagedPolicyByName(reader, account, named.name)
  // The name alone is unique; the ARN must be the whole of it, letter by letter.
  return policy?.arn === arn ? policy : undefined
}

export function requireManagedSize(document: string): void {
  if (policySize(document) <= policyLimits.managed) return
  const message = `Cannot exceed quota for PolicySize: ${policyLimits.managed}`
  throw accessError('ENTITY_LIMIT', message)
}

export function policyUnknown(arn: string): Error {
  return accessError('ENTITY_UNKNOWN', `Policy ${arn} was not found.`)
}

async function summaryOf(reader: SqlReader, policy: ManagedPolicy): Promise<PolicySummary> {
  return {
    kind: 'own',
    id: policy.id,
    arn: policy.arn,
    name: policy.name,
    path: policy.path,
    description: policy.description,
    defaultVersion: policy.defaultVersion,
    isAttachable: true,
    use: await countPolicyUse(reader, policy.account, policy.arn),
    createdAt: policy.createdAt,
    updatedAt: policy.updatedAt,
  }
}

async function awsSummaryOf(
  reader: SqlReader,
  account: AccountId,
  policy: AwsManagedPolicy,
): Promise<PolicySummary> {
  return {
    kind: 'aws',
    id: policy.id,
    arn: policy.arn,
    name: policy.name,
    path: policy.path,
    description: policy.description,
    defaultVersion: policy.version,
    isAttachable: policy.isAttachable,
    use: await countPolicyUse(reader, account, policy.arn),
    createdAt: new Date(policy.createdAt),
    updatedAt: new Date(policy.updatedAt),
  }
}
