import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { insertAccessKey } from './access-key-store.ts'
import { insertAccount } from './account-store.ts'
import { newAccessKey, type NewAccessKey } from './new-access-key.ts'
import { attachAdministratorAccess } from './principal-store.ts'
import type { SealKeys } from './rules/seal.ts'
import { uniqueId } from './rules/unique-id.ts'
import { hasUsers, insertUser } from './user-store.ts'

/**
 * Makes the account, its administrator `admin` and one access key, once: a database that has a user keeps it.
 * `deliver` hands the secret over before the rows are committed: a crash between the two leaves a key that opens
 * nothing and is made anew, never an installation that nobody can enter. The database holds the secret sealed.
 */
export async function createAdministrator(
  deps: {
    readonly database: Database
    readonly clock: Clock
    readonly ids: Ids
    readonly accessKeyKey: SealKeys
  },
  input: {
    readonly account: AccountId
    readonly deliver: (key: NewAccessKey) => Promise<void>
  },
): Promise<'created' | 'kept'> {
  return deps.database.transaction(async (tx) => {
    if (await hasUsers(tx)) return 'kept'
    await insertAccount(tx, input.account, deps.clock.now())
    const { key } = await insertAdministrator(deps, tx, input.account)
    await input.deliver(key)
    return 'created'
  })
}

/** Within the transaction that makes an account: its first user, who may do everything in it, with a key. */
export async function insertAdministrator(
  deps: { readonly clock: Clock; readonly ids: Ids; readonly accessKeyKey: SealKeys },
  tx: SqlWriter,
  account: AccountId,
): Promise<{ readonly userName: string; readonly key: NewAccessKey }> {
  const createdAt = deps.clock.now()
  const id = uniqueId((size) => deps.ids.bytes(size), 'AIDA')
  const { key, sealedSecret } = newAccessKey(deps)
  const user = { kind: 'user', name: 'admin', path: '/', boundaryArn: undefined } as const
  await insertUser(tx, { ...user, id, account, createdAt })
  await attachAdministratorAccess(tx, id, createdAt)
  await insertAccessKey(tx, { id: key.accessKeyId, userId: id, sealedSecret }, createdAt)
  return { userName: user.name, key }
}
