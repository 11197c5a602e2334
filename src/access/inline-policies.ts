import type { AccountId } from '../policy/account-id.ts'
import { policyLimits, policySize } from '../policy/parse-policy.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { accessError, entityUnknown } from './errors.ts'
import {
  deleteInlinePolicy,
  findInlinePolicy,
  listInlinePolicies,
  putInlinePolicy,
  type InlinePolicy,
} from './inline-policy-store.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { findPolicyOwner, type PolicyOwner, type PolicyOwnerKind } from './policy-owner-store.ts'
import { requirePolicy } from './require-policy.ts'

/** Of all inline policies of one owner together. */
const sizeLimits = {
  user: policyLimits.inlineOfUser,
  group: policyLimits.inlineOfGroup,
  role: policyLimits.inlineOfRole,
} as const satisfies Record<PolicyOwnerKind, number>

/** A user, a group or a role by its name. */
export interface OwnerAddress {
  readonly account: AccountId
  readonly kind: PolicyOwnerKind
  readonly name: string
}

export async function requireOwner(reader: SqlReader, owner: OwnerAddress): Promise<PolicyOwner> {
  const found = await findPolicyOwner(reader, owner.account, owner)
  if (found !== undefined) return found
  throw entityUnknown(owner.kind, owner.name)
}

/** Makes or replaces it. All inline policies of one owner share its limit. */
export async function putPolicyOf(
  deps: { readonly database: Database },
  input: { readonly owner: OwnerAddress; readonly policy: InlinePolicy },
): Promise<void> {
  const { owner, policy } = input
  // Before it is read: reading takes longer the longer it is.
  requireSize(owner, policySize(policy.document))
  requirePolicy(policy.document, 'identity')
  await deps.database.transaction(async (tx) => {
    const found = await requireOwner(tx, owner)
    const nameKey = policy.name.toLowerCase()
    const others = (await listInlinePolicies(tx, found.id)).filter(
      ({ name }) => name.toLowerCase() !== nameKey,
    )
    const size = [...others, policy].reduce((sum, { document }) => sum + policySize(document), 0)
    requireSize(found, size)
    await putInlinePolicy(tx, found.id, policy)
    await bumpPolicyEpoch(tx)
  })
}

function requireSize(
  { kind, name }: { readonly kind: PolicyOwnerKind; readonly name: string },
  size: number,
): void {
  const limit = sizeLimits[kind]
  if (size <= limit) return
  const message = `Maximum policy size of ${limit} bytes exceeded for ${kind} ${name}`
  throw accessError('ENTITY_LIMIT', message)
}

/** The policy, and its owner's name as it is stored. */
export async function getPolicyOf(
  deps: { readonly reader: SqlReader },
  input: { readonly owner: OwnerAddress; readonly name: string },
): Promise<{ readonly owner: PolicyOwner; readonly policy: InlinePolicy }> {
  const owner = await requireOwner(deps.reader, input.owner)
  const policy = await findInlinePolicy(deps.reader, owner.id, input.name)
  if (policy === undefined) throw policyUnknown(input.owner.kind, input.name)
  return { owner, policy }
}

export async function deletePolicyOf(
  deps: { readonly database: Database },
  input: { readonly owner: OwnerAddress; readonly name: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const owner = await requireOwner(tx, input.owner)
    if (!(await deleteInlinePolicy(tx, owner.id, input.name))) {
      throw policyUnknown(input.owner.kind, input.name)
    }
    await bumpPolicyEpoch(tx)
  })
}

/** Their names, in order. */
export async function listPolicyNamesOf(
  deps: { readonly reader: SqlReader },
  owner: OwnerAddress,
): Promise<readonly string[]> {
  const { id } = await requireOwner(deps.reader, owner)
  return (await listInlinePolicies(deps.reader, id)).map(({ name }) => name)
}

function policyUnknown(kind: PolicyOwnerKind, name: string): Error {
  return accessError('ENTITY_UNKNOWN', `The ${kind} policy with name ${name} cannot be found.`)
}
