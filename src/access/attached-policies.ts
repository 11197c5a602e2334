import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { deleteAttachment, insertAttachment, listAttachedPolicyArns } from './attachment-store.ts'
import { accessError } from './errors.ts'
import { requireOwner, type OwnerAddress } from './inline-policies.ts'
import { findPolicy, policyUnknown } from './managed-policies.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { listPolicyEntities, type PolicyOwner, type PolicyOwnerKind } from './policy-owner-store.ts'

/** AWS's default quota. */
export const maxAttachedPolicies = 10

const quotaNames = {
  user: 'PoliciesPerUser',
  role: 'PoliciesPerRole',
  group: 'PoliciesPerGroup',
} as const satisfies Record<PolicyOwnerKind, string>

/** What is attached already stays so. */
export async function attachPolicy(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly owner: OwnerAddress; readonly policyArn: string },
): Promise<void> {
  const { owner, policyArn } = input
  await deps.database.transaction(async (tx) => {
    const { id } = await requireOwner(tx, owner)
    const policy = await findPolicy(tx, owner.account, policyArn)
    if (policy === undefined) {
      const message = `Policy ${policyArn} does not exist or is not attachable.`
      throw accessError('ENTITY_UNKNOWN', message)
    }
    if (!policy.isAttachable) {
      const message = `Cannot attach a Service Role Policy to a Customer ${inUpperCase(owner.kind)}.`
      throw accessError('POLICY_NOT_ATTACHABLE', message)
    }
    const attached = await listAttachedPolicyArns(tx, id)
    if (attached.includes(policyArn)) return
    if (attached.length >= maxAttachedPolicies) {
      const message = `Cannot exceed quota for ${quotaNames[owner.kind]}: ${maxAttachedPolicies}`
      throw accessError('ENTITY_LIMIT', message)
    }
    await insertAttachment(tx, id, policyArn, deps.clock.now())
    await bumpPolicyEpoch(tx)
  })
}

export async function detachPolicy(
  deps: { readonly database: Database },
  input: { readonly owner: OwnerAddress; readonly policyArn: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const { id } = await requireOwner(tx, input.owner)
    if (!(await deleteAttachment(tx, id, input.policyArn))) throw policyUnknown(input.policyArn)
    await bumpPolicyEpoch(tx)
  })
}

export interface AttachedPolicy {
  readonly name: string
  readonly arn: string
}

/** Those whose path begins so, by name. */
export async function listAttachedPolicies(
  deps: { readonly reader: SqlReader },
  input: { readonly owner: OwnerAddress; readonly pathPrefix: string },
): Promise<readonly AttachedPolicy[]> {
  const { id } = await requireOwner(deps.reader, input.owner)
  const arns = await listAttachedPolicyArns(deps.reader, id)
  return attachedPoliciesOf(arns).filter(({ path }) => path.startsWith(input.pathPrefix))
}

/** By name and ARN. */
export function attachedPoliciesOf(
  arns: readonly string[],
): readonly (AttachedPolicy & { readonly path: string })[] {
  const policies = arns.map((arn) => {
    const [, path = '/', name = arn] = /:policy(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? []
    return { name, arn, path }
  })
  const keyOf = ({ name, arn }: AttachedPolicy): string => `${name.toLowerCase()} ${arn}`
  return policies.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Who of the account uses a policy that it can see, as permissions or as a boundary. */
export async function listEntitiesForPolicy(
  deps: { readonly reader: SqlReader },
  account: AccountId,
  asked: Parameters<typeof listPolicyEntities>[2],
): Promise<readonly PolicyOwner[]> {
  if ((await findPolicy(deps.reader, account, asked.policyArn)) === undefined) {
    throw policyUnknown(asked.policyArn)
  }
  return listPolicyEntities(deps.reader, account, asked)
}

function inUpperCase(kind: PolicyOwnerKind): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1)
}
