import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
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
  const { database, clock, ids } = deps
  const userId = uniqueId((size) => ids.bytes(size), 'AIDA')
  const { key, sealedSecret } = newAccessKey(deps)
  return database.transaction(async (tx) => {
    if (await hasUsers(tx)) return 'kept'
    const now = clock.now()
    await insertAccount(tx, input.account, now)
    const { account } = input
    await insertUser(tx, {
      id: userId,
      account,
      kind: 'user',
      name: 'admin',
      path: '/',
      boundaryArn: undefined,
      createdAt: now,
    })
    await attachAdministratorAccess(tx, userId, now)
    await insertAccessKey(tx, { id: key.accessKeyId, userId, sealedSecret }, now)
    await input.deliver(key)
    return 'created'
  })
}
