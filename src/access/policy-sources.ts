// The documents that make up somebody's permissions, with where each comes from.
import type { AccountId } from '../policy/account-id.ts'
import { formatArn, parseArn } from '../policy/arn.ts'
import { awsManagedPolicies } from '../policy/managed/aws-policies.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listAttachedPolicyArns } from './attachment-store.ts'
import { accessError, entityUnknown } from './errors.ts'
import { requireOwner, type OwnerAddress } from './inline-policies.ts'
import { listInlinePolicies } from './inline-policy-store.ts'
import { getPolicyVersion } from './managed-policy-versions.ts'
import { getPolicy } from './managed-policies.ts'
import { listGroupsOfUser, type PolicyOwner, type PolicyOwnerKind } from './policy-owner-store.ts'

export type PolicySource =
  | {
      readonly kind: 'inline'
      readonly owner: { readonly kind: PolicyOwnerKind; readonly name: string }
      readonly name: string
      readonly document: string
    }
  | {
      readonly kind: 'managed'
      readonly isOfAws: boolean
      readonly arn: string
      readonly name: string
      readonly document: string
    }

/** Of a user its own and its groups'; of a role or a group its own. */
export async function listPolicySources(
  reader: SqlReader,
  owner: PolicyOwner,
): Promise<readonly PolicySource[]> {
  const groups = owner.kind === 'user' ? await listGroupsOfUser(reader, owner.id) : []
  const sources: PolicySource[] = []
  const managed = new Set<string>()
  for (const one of [owner, ...groups]) {
    for (const { name, document } of await listInlinePolicies(reader, one.id)) {
      sources.push({ kind: 'inline', owner: { kind: one.kind, name: one.name }, name, document })
    }
    for (const arn of await listAttachedPolicyArns(reader, one.id)) managed.add(arn)
  }
  for (const arn of managed) sources.push(await readManagedSource(reader, owner.account, arn))
  return sources
}

/** The default version of a managed policy that the account can see. */
export async function readManagedSource(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<Extract<PolicySource, { readonly kind: 'managed' }>> {
  const { name, defaultVersion: version } = await getPolicy({ reader }, { account, arn })
  const { document } = await getPolicyVersion({ reader }, { account, arn, version })
  return { kind: 'managed', isOfAws: awsManagedPolicies.has(arn), arn, name, document }
}

/** The user, role or group that an ARN names, or INPUT_INVALID; it need not be there. */
export function entityOfArn(arn: string): OwnerAddress {
  const parsed = parseArn(arn)
  const match = /^(user|role|group)\/(?:.+\/)?([^/]+)$/.exec(parsed?.resource ?? '')
  const kind = kinds.find((one) => one === match?.[1])
  const [name, account] = [match?.[2], parsed?.account]
  if (
    parsed?.service === 'iam' &&
    account !== undefined &&
    kind !== undefined &&
    name !== undefined
  ) {
    return { account, kind, name }
  }
  const message = `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`
  throw accessError('INPUT_INVALID', message)
}

/**
 * Who of this account has that ARN, or ENTITY_UNKNOWN: of other accounts nobody is known here. Letters and path count, though a
 * name is found without them: whoever asked was judged by the ARN as it was written.
 */
export async function requireOwnerOfArn(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<PolicyOwner> {
  const entity = entityOfArn(arn)
  if (entity.account !== account) throw entityUnknown(entity.kind, entity.name)
  const owner = await requireOwner(reader, entity)
  if (arnOfOwner(owner) !== arn) throw entityUnknown(entity.kind, entity.name)
  return owner
}

export function arnOfOwner({ kind, account, name, path }: PolicyOwner): string {
  return formatArn({ service: 'iam', region: '', account, resource: `${kind}${path}${name}` })
}

const kinds = ['user', 'role', 'group'] as const satisfies readonly PolicyOwnerKind[]
