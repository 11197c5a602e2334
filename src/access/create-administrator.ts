import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { hasUsers, insertAccessKey, insertAccount, insertUser } from './principal-store.ts'
import { seal } from './rules/seal.ts'

export interface NewAccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

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
    readonly accessKeyKey: Uint8Array
  },
  input: {
    readonly account: AccountId
    readonly deliver: (key: NewAccessKey) => Promise<void>
  },
): Promise<'created' | 'kept'> {
  const { database, clock, ids } = deps
  const userId = uniqueId(ids, 'AIDA', 17)
  const accessKeyId = uniqueId(ids, 'AKIA', 16)
  const secretAccessKey = ids.bytes(30).toString('base64')
  const sealedSecret = seal(
    deps.accessKeyKey,
    ids.bytes(12),
    Buffer.from(secretAccessKey),
    accessKeyId,
  )
  return database.transaction(async (tx) => {
    if (await hasUsers(tx)) return 'kept'
    const now = clock.now()
    await insertAccount(tx, input.account, now)
    const user = { id: userId, account: input.account, name: 'admin', isAdministrator: true }
    await insertUser(tx, user, now)
    await insertAccessKey(tx, { id: accessKeyId, userId, sealedSecret }, now)
    await input.deliver({ accessKeyId, secretAccessKey })
    return 'created'
  })
}

/** AWS's form of unique ids: four letters that tell the kind, then base-32 characters. */
function uniqueId(ids: Ids, prefix: string, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return prefix + Array.from(ids.bytes(length), (byte) => alphabet.charAt(byte % 32)).join('')
}
