// The ARNs that IAM's operations are about, and what policies may ask of them. A request gives the name, the ARN has the path too:
// who exists is looked up; who does not is asked about under no path, so that the answer is AccessDenied before it is NoSuchEntity.
import { arnOfGroup, findGroupByName } from '../../../access/group-store.ts'
import { listIdentityTags, type Tag } from '../../../access/identity-tag-store.ts'
import { arnOfRole, findRoleByName } from '../../../access/role-store.ts'
import { arnOfUser, findUser, findUserByName, type User } from '../../../access/user-store.ts'
import { groupArn, roleArn, userArn } from '../../../policy/arn.ts'
import type { QueryScope, RequestKeys } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'

type Deps = Pick<IamDeps, 'database'>
type UserInput = { readonly UserName?: string }
type RoleInput = { readonly RoleName: string }

/** The user named, else the caller. */
export async function userResource(
  { UserName: name }: UserInput,
  { caller }: QueryScope,
  { database }: Deps,
): Promise<readonly string[]> {
  if (name === undefined) return [caller.principalArn]
  const user = await findUserByName(database, caller.accountId, name)
  return [user === undefined ? userArn(caller.accountId, name) : arnOfUser(user)]
}

export async function groupResource(
  { GroupName: name }: { readonly GroupName: string },
  { caller }: QueryScope,
  { database }: Deps,
): Promise<readonly string[]> {
  const group = await findGroupByName(database, caller.accountId, name)
  return [group === undefined ? groupArn(caller.accountId, name) : arnOfGroup(group)]
}

export async function roleResource(
  { RoleName: name }: RoleInput,
  { caller }: QueryScope,
  { database }: Deps,
): Promise<readonly string[]> {
  const role = await findRoleByName(database, caller.accountId, name)
  return [role === undefined ? roleArn(caller.accountId, name) : arnOfRole(role)]
}

/** Of the user: its tags and its boundary. */
export async function userKeys(
  { UserName: name }: UserInput,
  { caller }: QueryScope,
  { database }: Deps,
): Promise<RequestKeys> {
  const user: User | undefined =
    name === undefined
      ? await findUser(database, caller.principalId)
      : await findUserByName(database, caller.accountId, name)
  return user === undefined ? {} : entityKeys(database, user)
}

/** Of the role: its tags and its boundary. */
export async function roleKeys(
  { RoleName: name }: RoleInput,
  { caller }: QueryScope,
  { database }: Deps,
): Promise<RequestKeys> {
  const role = await findRoleByName(database, caller.accountId, name)
  return role === undefined ? {} : entityKeys(database, role)
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
  if (tags === undefined || tags.length === 0) return {}
  const entries = tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value] as const)
  return { ...Object.fromEntries(entries), 'aws:TagKeys': tags.map(({ Key }) => Key) }
}

interface TagInput {
  readonly Key: string
  readonly Value: string
}

export function tagsOf(tags: readonly TagInput[] | undefined): readonly Tag[] {
  return (tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }))
}
