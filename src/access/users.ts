// Users as IAM's operations change them. Names are unique without regard to case; an id never comes again.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { accessError, entityUnknown } from './errors.ts'
import { deleteIdentityTags, type Tag } from './identity-tag-store.ts'
import { requireUnused } from './identity-use.ts'
import { setTags } from './identity-tags.ts'
import { requireBoundary } from './require-boundary.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { uniqueId } from './rules/unique-id.ts'
import {
  countUsers,
  deleteUserRow,
  findUserByName,
  insertUser,
  renameUser,
  type User,
} from './user-store.ts'

/** AWS's default quota. */
export const maxUsers = 5000

export interface UserAddress {
  readonly account: AccountId
  readonly name: string
}

/** The user of that name, or ENTITY_UNKNOWN. */
export async function requireUser(reader: SqlReader, address: UserAddress): Promise<User> {
  const user = await findUserByName(reader, address.account, address.name)
  if (user === undefined) throw entityUnknown('user', address.name)
  return user
}

export async function createUser(
  deps: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: UserAddress & {
    readonly path: string
    readonly boundaryArn: string | undefined
    readonly tags: readonly Tag[]
  },
): Promise<User> {
  const { tags, ...named } = input
  const { account, name, boundaryArn } = named
  const id = uniqueId((size) => deps.ids.bytes(size), 'AIDA')
  const user: User = { ...named, id, kind: 'user', createdAt: deps.clock.now() }
  await deps.database.transaction(async (tx) => {
    await requireFreeName(tx, input)
    if ((await countUsers(tx, account)) >= maxUsers) {
      throw accessError('ENTITY_LIMIT', `Cannot exceed quota for UsersPerAccount: ${maxUsers}`)
    }
    if (boundaryArn !== undefined) await requireBoundary(tx, account, boundaryArn)
    await insertUser(tx, user)
    await setTags(tx, id, tags)
    await bumpPolicyEpoch(tx)
  })
  return { ...user, name }
}

/** Another name or path: the ARN changes, the id and all that hangs on it stay. */
export async function updateUser(
  deps: { readonly database: Database },
  input: UserAddress & {
    readonly newName: string | undefined
    readonly newPath: string | undefined
  },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const user = await requireUser(tx, input)
    const { newName: name = user.name, newPath: path = user.path } = input
    // The same name in other letters is no other user's.
    if (name.toLowerCase() !== user.name.toLowerCase()) {
      await requireFreeName(tx, { account: input.account, name })
    }
    await renameUser(tx, user.id, { name, path })
    await bumpPolicyEpoch(tx)
  })
}

/** Refused with ENTITY_IN_USE while keys, policies or groups hang on it. */
export async function deleteUser(
  deps: { readonly database: Database },
  input: UserAddress,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const user = await requireUser(tx, input)
    await requireUnused(tx, user.id)
    await deleteIdentityTags(tx, user.id)
    await deleteUserRow(tx, user.id)
    await bumpPolicyEpoch(tx)
  })
}

async function requireFreeName(reader: SqlReader, { account, name }: UserAddress): Promise<void> {
  if ((await findUserByName(reader, account, name)) === undefined) return
  throw accessError('ENTITY_EXISTS', `User with name ${name} already exists.`)
}
