// Groups and who is in them, as IAM's operations change them.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { accessError, entityUnknown } from './errors.ts'
import {
  countGroups,
  deleteGroupMember,
  deleteGroupRow,
  findGroupByName,
  insertGroup,
  insertGroupMember,
  listGroupsOfMember,
  renameGroup,
  type Group,
} from './group-store.ts'
import { requireUnused } from './identity-use.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { uniqueId } from './rules/unique-id.ts'
import { requireUser } from './users.ts'

/** AWS's default quotas. */
export const maxGroups = 300
export const maxGroupsPerUser = 10

export interface GroupAddress {
  readonly account: AccountId
  readonly name: string
}

/** The group of that name, or ENTITY_UNKNOWN. */
export async function requireGroup(reader: SqlReader, address: GroupAddress): Promise<Group> {
  const group = await findGroupByName(reader, address.account, address.name)
  if (group === undefined) throw entityUnknown('group', address.name)
  return group
}

export async function createGroup(
  deps: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: GroupAddress & { readonly path: string },
): Promise<Group> {
  const id = uniqueId((size) => deps.ids.bytes(size), 'AGPA')
  const group = { ...input, id, createdAt: deps.clock.now() }
  await deps.database.transaction(async (tx) => {
    await requireFreeName(tx, input)
    if ((await countGroups(tx, input.account)) >= maxGroups) {
      throw accessError('ENTITY_LIMIT', `Cannot exceed quota for GroupsPerAccount: ${maxGroups}`)
    }
    await insertGroup(tx, group)
    await bumpPolicyEpoch(tx)
  })
  return group
}

export async function updateGroup(
  deps: { readonly database: Database },
  input: GroupAddress & {
    readonly newName: string | undefined
    readonly newPath: string | undefined
  },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const group = await requireGroup(tx, input)
    const { newName: name = group.name, newPath: path = group.path } = input
    if (name.toLowerCase() !== group.name.toLowerCase()) {
      await requireFreeName(tx, { account: input.account, name })
    }
    await renameGroup(tx, group.id, { name, path })
    await bumpPolicyEpoch(tx)
  })
}

/** Refused with ENTITY_IN_USE while it has users or policies. */
export async function deleteGroup(
  deps: { readonly database: Database },
  input: GroupAddress,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const group = await requireGroup(tx, input)
    await requireUnused(tx, group.id)
    await deleteGroupRow(tx, group.id)
    await bumpPolicyEpoch(tx)
  })
}

interface Membership {
  readonly account: AccountId
  readonly group: string
  readonly user: string
}

/** Who is in it already stays in it. */
export async function addUserToGroup(
  deps: { readonly database: Database },
  input: Membership,
): Promise<void> {
  const { account } = input
  await deps.database.transaction(async (tx) => {
    const group = await requireGroup(tx, { account, name: input.group })
    const user = await requireUser(tx, { account, name: input.user })
    const page = { after: '', limit: maxGroupsPerUser }
    const groups = await listGroupsOfMember(tx, user.id, page)
    if (groups.some(({ id }) => id === group.id)) return
    if (groups.length >= maxGroupsPerUser) {
      const message = `Cannot exceed quota for GroupsPerUser: ${maxGroupsPerUser}`
      throw accessError('ENTITY_LIMIT', message)
    }
    await insertGroupMember(tx, group.id, user.id)
    await bumpPolicyEpoch(tx)
  })
}

export async function removeUserFromGroup(
  deps: { readonly database: Database },
  input: Membership,
): Promise<void> {
  const { account } = input
  await deps.database.transaction(async (tx) => {
    const group = await requireGroup(tx, { account, name: input.group })
    const user = await requireUser(tx, { account, name: input.user })
    if (!(await deleteGroupMember(tx, group.id, user.id))) {
      const message = `The user with name ${input.user} is not a member of group ${input.group}.`
      throw accessError('ENTITY_UNKNOWN', message)
    }
    await bumpPolicyEpoch(tx)
  })
}

async function requireFreeName(reader: SqlReader, { account, name }: GroupAddress): Promise<void> {
  if ((await findGroupByName(reader, account, name)) === undefined) return
  throw accessError('ENTITY_EXISTS', `Group with name ${name} already exists.`)
}
