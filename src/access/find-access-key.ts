import type { SqlReader } from '../storage/database/database.ts'
import { findAccessKey } from './access-key-store.ts'
import { openSecret } from './rules/seal-secret.ts'
import type { SealKeys } from './rules/seal.ts'
import type { User } from './user-store.ts'

export interface ActiveAccessKey {
  readonly secret: string
  readonly user: User
}

/** The user whom an active key belongs to; undefined when the key is unknown, inactive or another's. */
export async function findActiveOwner(
  reader: SqlReader,
  accessKeyId: string,
  userId: string,
): Promise<User | undefined> {
  const stored = await findAccessKey(reader, accessKeyId)
  return stored?.isActive === true && stored.user.id === userId ? stored.user : undefined
}

/** The key's secret and owner; undefined for one that is unknown, inactive or sealed under another master key. */
export async function findActiveAccessKey(
  deps: { readonly reader: SqlReader; readonly accessKeyKey: SealKeys },
  accessKeyId: string,
): Promise<ActiveAccessKey | undefined> {
  const stored = await findAccessKey(deps.reader, accessKeyId)
  if (stored === undefined || !stored.isActive) return undefined
  const place = { table: 'access_keys', row: stored.id } as const
  const secret = openSecret(deps.accessKeyKey, place, stored.sealedSecret)
  return secret === undefined ? undefined : { secret: secret.toString(), user: stored.user }
}
