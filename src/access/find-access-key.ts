import { Secret } from '../lib/secret.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findAccessKey } from './access-key-store.ts'
import { openNobodysSecret, openSecret } from './rules/seal-secret.ts'
import type { SealKeys } from './rules/seal.ts'
import type { User } from './user-store.ts'

export interface ActiveAccessKey {
  readonly secret: Secret
  readonly user: User
}

/**
 * The user whom a token of an active key belongs to; undefined when the key is unknown, inactive or another's, or when the account
 * was closed after the token was made, though it is open again.
 */
export async function findActiveOwner(
  reader: SqlReader,
  token: {
    readonly accessKeyId: string
    readonly principalId: string
    readonly issuedAt: Date
  },
): Promise<User | undefined> {
  const stored = await findAccessKey(reader, token.accessKeyId)
  if (stored?.isActive !== true || stored.user.id !== token.principalId) return undefined
  const { revokedBefore } = stored
  const isOver = revokedBefore !== undefined && token.issuedAt.getTime() < revokedBefore.getTime()
  return isOver ? undefined : stored.user
}

/** Of a secret of ours, in characters. */
const secretLength = 40

/** The key's secret and owner; undefined for one that is unknown, inactive or sealed under another master key. */
export async function findActiveAccessKey(
  deps: { readonly reader: SqlReader; readonly accessKeyKey: SealKeys },
  accessKeyId: string,
): Promise<ActiveAccessKey | undefined> {
  const stored = await findAccessKey(deps.reader, accessKeyId)
  const keys = deps.accessKeyKey
  const place = { table: 'access_keys', row: accessKeyId } as const
  // Of an unknown id nothing is opened as much as of a known one, so that the time taken does not tell which ids exist.
  const secret =
    stored === undefined
      ? openNobodysSecret(keys, place, secretLength)
      : openSecret(keys, place, stored.sealedSecret)
  if (stored === undefined || !stored.isActive || secret === undefined) return undefined
  return { secret: new Secret(secret.toString()), user: stored.user }
}
