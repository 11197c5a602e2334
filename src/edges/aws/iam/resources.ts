// The ARNs that IAM's operations are about, and what policies may ask of them. A request gives the name, the ARN has the path too:
// who exists is looked up; who does not is asked about under no path, so that the answer is AccessDenied before it is NoSuchEntity.
import { listIdentityTags, type Tag } from '../../../access/identity-tag-store.ts'
import type { OwnerAddress } from '../../../access/inline-policies.ts'
import { findPolicyOwner } from '../../../access/policy-owner-store.ts'
import { requestTagKeys as keysOfTags, type RequestKeys } from '../../../access/request-context.ts'
import { findUser } from '../../../access/user-store.ts'
import { groupArn, roleArn, userArn } from '../../../policy/arn.ts'
import type { QueryScope } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'

type Deps = Pick<IamDeps, 'database'>
type UserInput = { readonly UserName?: string }
type RoleInput = { readonly RoleName: string }

/** The user named, else the caller. */
export async function userResource(
  { UserName: name }: UserInput,
  { caller }: QueryScope,
  deps: Deps,
): Promise<readonly string[]> {
  if (name === undefined) return [caller.principalArn]
  return [await ownerArn(deps, { account: caller.accountId, kind: 'user', name })]
}

export async function groupResource(
  { GroupName: name }: { readonly GroupName: string },
  { caller }: QueryScope,
  deps: Deps,
): Promise<readonly string[]> {
  return [await ownerArn(deps, { account: caller.accountId, kind: 'group', name })]
}

export async function roleResource(
  { RoleName: name }: RoleInput,
  { caller }: QueryScope,
  deps: Deps,
): Promise<readonly string[]> {
  return [await ownerArn(deps, { account: caller.accountId, kind: 'role', name })]
}

/** A user and what it is to be called: policies go by names, so that whoever may take one away need not be who may give the other. */
export async function renamedUserResource(
  input: {
    readonly UserName: string
    readonly NewUserName?: string
    readonly NewPath?: string
  },
  { caller }: QueryScope,
  { database }: Deps,
): Promise<readonly string[]> {
  const { UserName: name, NewUserName, NewPath } = input
  const { accountId: account } = caller
  const user = await findPolicyOwner(database, account, { kind: 'user', name })
  const { name: present, path } = user ?? { name, path: '/' }
  const renamed = userArn(account, NewUserName ?? present, NewPath ?? path)
  return [...new Set([userArn(account, present, path), renamed])]
}

/** The same of a group. */
export async function renamedGroupResource(
  input: {
    readonly GroupName: string
    readonly NewGroupName?: string
    readonly NewPath?: string
  },
  { caller }: QueryScope,
  { database }: Deps,
): Promise<readonly string[]> {
  const { GroupName: name, NewGroupName, NewPath } = input
  const { accountId: account } = caller
  const group = await findPolicyOwner(database, account, { kind: 'group', name })
  const { name: present, path } = group ?? { name, path: '/' }
  const renamed = groupArn(account, NewGroupName ?? present, NewPath ?? path)
  return [...new Set([groupArn(account, present, path), renamed])]
}

/** Of the user: its tags and its boundary. */
export async function userKeys(
  { UserName: name }: UserInput,
  { caller }: QueryScope,
  deps: Deps,
): Promise<RequestKeys> {
  if (name !== undefined) {
    return ownerKeys(deps, { account: caller.accountId, kind: 'user', name })
  }
  const user = await findUser(deps.database, caller.principalId)
  return user === undefined ? {} : entityKeys(deps.database, user)
}

/** Of the role: its tags and its boundary. */
export async function roleKeys(
  { RoleName: name }: RoleInput,
  { caller }: QueryScope,
  deps: Deps,
): Promise<RequestKeys> {
  return ownerKeys(deps, { account: caller.accountId, kind: 'role', name })
}

/** Of a user, role or group by name. */
export async function ownerArn({ database }: Deps, owner: OwnerAddress): Promise<string> {
  const found = await findPolicyOwner(database, owner.account, owner)
  const makeArn = { user: userArn, role: roleArn, group: groupArn }[owner.kind]
  return makeArn(owner.account, found?.name ?? owner.name, found?.path)
}

/** What policies may ask of who has that name; nothing where nobody has it. */
export async function ownerKeys({ database }: Deps, owner: OwnerAddress): Promise<RequestKeys> {
  const found = await findPolicyOwner(database, owner.account, owner)
  return found === undefined ? {} : entityKeys(database, found)
}

/** What policies may ask of an entity: its tags and its boundary. */
export async function entityKeys(
  database: IamDeps['database'],
  { id, boundaryArn }: { readonly id: string; readonly boundaryArn: string | undefined },
): Promise<RequestKeys> {
  const tags = await listIdentityTags(database, id)
  const entries = tags.flatMap(({ key, value }) => [
    [`aws:ResourceTag/${key}`, value] as const,
    [`iam:ResourceTag/${key}`, value] as const,
  ])
  return { ...Object.fromEntries(entries), ...boundaryKeys(boundaryArn) }
}

/** Of an entity that has or is to have the boundary. */
export function boundaryKeys(boundaryArn: string | undefined): RequestKeys {
  return boundaryArn === undefined ? {} : { 'iam:PermissionsBoundary': boundaryArn }
}

/** Of tags that the request brings. */
export function requestTagKeys(tags: readonly TagInput[] | undefined): RequestKeys {
  return keysOfTags(tagsOf(tags))
}

interface TagInput {
  readonly Key: string
  readonly Value: string
}

export function tagsOf(tags: readonly TagInput[] | undefined): readonly Tag[] {
  return (tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }))
}
