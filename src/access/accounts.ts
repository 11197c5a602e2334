// The accounts of an installation: made, named, closed, opened again; and the keys of their root users.
import type { SealKeys } from './rules/seal.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { deleteAccessKeyRow, listAccessKeys } from './access-key-store.ts'
import { createAccessKey } from './access-keys.ts'
import {
  findAccount,
  findAccountByAlias,
  insertAccount,
  listAccounts,
  putAccountAlias,
  putAccountState,
  type Account,
} from './account-store.ts'
import { insertAdministrator } from './create-administrator.ts'
import { accessError } from './errors.ts'
import type { NewAccessKey } from './new-access-key.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { randomAccountId } from './rules/unique-id.ts'
import { accountSubject, upsertRevocation } from './session-store.ts'
import { findUser, insertUser, type User } from './user-store.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly accessKeyKey: SealKeys
}

export interface NewAccount {
  readonly account: Account
  readonly userName: string
  readonly key: NewAccessKey
}

/**
 * Makes an account with an administrator, whose key is told here and never again. An id that is the first segment of a
 * repository's name is refused: that name would address the account from then on. Without an id one is drawn; that it is taken
 * is as likely as any twelve digits, and refused like it.
 */
export async function createAccount(
  deps: Deps & {
    readonly isFirstSegment: (reader: SqlReader, segment: string) => Promise<boolean>
  },
  input: { readonly id: AccountId | undefined; readonly alias: string | undefined },
): Promise<NewAccount> {
  const { alias } = input
  const id = input.id ?? randomAccountId((size) => deps.ids.bytes(size))
  return deps.database.transaction(async (tx) => {
    if ((await findAccount(tx, id)) !== undefined) {
      throw accessError('ENTITY_EXISTS', `Account ${id} already exists.`)
    }
    if (await deps.isFirstSegment(tx, id)) {
      const message = `The name of a repository begins with ${id}/, which would address the account.`
      throw accessError('ENTITY_EXISTS', message)
    }
    if (alias !== undefined) await requireFreeAlias(tx, alias)
    const createdAt = deps.clock.now()
    await insertAccount(tx, id, createdAt)
    await putAccountAlias(tx, id, alias)
    const { userName, key } = await insertAdministrator(deps, tx, id)
    await bumpPolicyEpoch(tx)
    return { account: { id, state: 'active', alias, createdAt }, userName, key }
  })
}

/** Another name for the account, or none; a name is one account's in the whole installation. */
export async function putAlias(
  deps: { readonly database: Database },
  input: { readonly id: AccountId; readonly alias: string | undefined },
): Promise<Account> {
  const { id, alias } = input
  return deps.database.transaction(async (tx) => {
    const account = await requireAccount(tx, id)
    if (alias !== undefined && alias !== account.alias) await requireFreeAlias(tx, alias)
    await putAccountAlias(tx, id, alias)
    await bumpPolicyEpoch(tx)
    return { ...account, alias }
  })
}

/** Refused unless the account has that alias. */
export async function deleteAlias(
  deps: { readonly database: Database },
  input: { readonly id: AccountId; readonly alias: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const account = await requireAccount(tx, input.id)
    if (account.alias !== input.alias) {
      const message = `The account alias ${input.alias} cannot be found.`
      throw accessError('ENTITY_UNKNOWN', message)
    }
    await putAccountAlias(tx, input.id, undefined)
    await bumpPolicyEpoch(tx)
  })
}

/**
 * From now on its credentials open nothing; images stay, and whom it granted a right keeps it. The last account that is open
 * and the caller's own are not closed: nobody could open it again.
 */
export async function closeAccount(
  deps: { readonly database: Database },
  input: { readonly id: AccountId; readonly ownAccount: AccountId },
): Promise<Account> {
  const { id, ownAccount } = input
  return deps.database.transaction(async (tx) => {
    const account = await requireAccount(tx, id)
    if (account.state === 'closed') return account
    if (id === ownAccount) {
      throw accessError('ENTITY_IN_USE', `Account ${id} is the caller's own.`)
    }
    const open = (await listAccounts(tx)).filter(({ state }) => state === 'active')
    if (open.length === 1) {
      throw accessError('ENTITY_IN_USE', `Account ${id} is the last one that is open.`)
    }
    await putAccountState(tx, id, 'closed')
    await bumpPolicyEpoch(tx)
    return { ...account, state: 'closed' }
  })
}

/**
 * Its keys open it again, as they were; sessions and tokens from before do not. One that is open already stays as it is. What was
 * granted to it, or by it, held all the time.
 */
export async function openAccount(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly id: AccountId },
): Promise<Account> {
  const { id } = input
  return deps.database.transaction(async (tx) => {
    const account = await requireAccount(tx, id)
    if (account.state === 'active') return account
    // What was issued within this very millisecond is over too.
    const issuedBefore = new Date(deps.clock.now().getTime() + 1)
    await upsertRevocation(tx, accountSubject(id), issuedBefore)
    await putAccountState(tx, id, 'active')
    await bumpPolicyEpoch(tx)
    return { ...account, state: 'active' }
  })
}

/** A key of the root user, who is bound by no policy of the account's own: to repair what locked everybody out. Two at most; `replacesAll` deletes those there are. */
export async function createRootKey(
  deps: Deps,
  input: { readonly id: AccountId; readonly replacesAll?: boolean },
): Promise<NewAccessKey> {
  const createdAt = deps.clock.now()
  const made = await createAccessKey(deps, {
    owner: async (tx): Promise<User> => {
      const { id: account } = await requireAccount(tx, input.id)
      const present = await findUser(tx, account)
      if (present !== undefined) {
        if (input.replacesAll === true) await deleteAllKeys(tx, present)
        return present
      }
      const root: User = {
        id: account,
        account,
        kind: 'root',
        name: 'root',
        path: '/',
        boundaryArn: undefined,
        createdAt,
      }
      await insertUser(tx, root)
      return root
    },
  })
  return made.key
}

/** What `createRootKey` made is taken back. */
export async function deleteRootKey(
  deps: { readonly database: Database },
  input: { readonly id: AccountId; readonly accessKeyId: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    await deleteAccessKeyRow(tx, { id: input.accessKeyId, userId: input.id })
    await bumpPolicyEpoch(tx)
  })
}

async function deleteAllKeys(tx: SqlWriter, { id: userId }: User): Promise<void> {
  for (const { id } of await listAccessKeys(tx, userId)) {
    await deleteAccessKeyRow(tx, { id, userId })
  }
}

async function requireAccount(reader: SqlReader, id: AccountId): Promise<Account> {
  const account = await findAccount(reader, id)
  if (account === undefined) {
    throw accessError('ENTITY_UNKNOWN', `The account ${id} cannot be found.`)
  }
  return account
}

async function requireFreeAlias(reader: SqlReader, alias: string): Promise<void> {
  if ((await findAccountByAlias(reader, alias)) === undefined) return
  throw accessError('ENTITY_EXISTS', `The account alias ${alias} already exists.`)
}
