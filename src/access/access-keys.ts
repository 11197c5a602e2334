// Access keys as IAM's operations change them.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import {
  deleteAccessKeyRow,
  findAccessKey,
  insertAccessKey,
  listAccessKeys,
  putKeyStatus,
  type AccessKeyMetadata,
  type KeyStatus,
  type StoredAccessKey,
} from './access-key-store.ts'
import { accessError } from './errors.ts'
import type { SealKeys } from './rules/seal.ts'
import { newAccessKey, type NewAccessKey } from './new-access-key.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import type { User } from './user-store.ts'

/** So that one can be put in the place of the other while both hold. */
export const maxKeysPerUser = 2

/** The user whose keys are meant, found within the transaction, or throws. */
export type KeyOwner = (reader: SqlReader) => Promise<User>

/** The secret is told here and never again. */
export async function createAccessKey(
  deps: {
    readonly database: Database
    readonly clock: Clock
    readonly ids: Ids
    readonly accessKeyKey: SealKeys
  },
  input: { readonly owner: (tx: SqlWriter) => Promise<User> },
): Promise<{ readonly key: NewAccessKey; readonly user: User; readonly createdAt: Date }> {
  const { key, sealedSecret } = newAccessKey(deps)
  const createdAt = deps.clock.now()
  const user = await deps.database.transaction(async (tx) => {
    const owner = await input.owner(tx)
    if ((await listAccessKeys(tx, owner.id)).length >= maxKeysPerUser) {
      const message = `Cannot exceed quota for AccessKeysPerUser: ${maxKeysPerUser}`
      throw accessError('ENTITY_LIMIT', message)
    }
    const row = { id: key.accessKeyId, userId: owner.id, sealedSecret }
    await insertAccessKey(tx, row, createdAt)
    await bumpPolicyEpoch(tx)
    return owner
  })
  return { key, user, createdAt }
}

export async function updateAccessKey(
  deps: { readonly database: Database },
  input: { readonly owner: KeyOwner; readonly id: string; readonly status: KeyStatus },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const { id: userId } = await input.owner(tx)
    if (!(await putKeyStatus(tx, { id: input.id, userId }, input.status))) throw unknown(input.id)
    await bumpPolicyEpoch(tx)
  })
}

export async function deleteAccessKey(
  deps: { readonly database: Database },
  input: { readonly owner: KeyOwner; readonly id: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const { id: userId } = await input.owner(tx)
    if (!(await deleteAccessKeyRow(tx, { id: input.id, userId }))) throw unknown(input.id)
    await bumpPolicyEpoch(tx)
  })
}

export async function listKeysOf(
  deps: { readonly reader: SqlReader },
  input: { readonly owner: KeyOwner },
): Promise<{ readonly user: User; readonly keys: readonly AccessKeyMetadata[] }> {
  const user = await input.owner(deps.reader)
  return { user, keys: await listAccessKeys(deps.reader, user.id) }
}

/** A key of the account; whether another account has it is not told. */
export async function getAccessKey(
  deps: { readonly reader: SqlReader },
  input: { readonly account: string; readonly id: string },
): Promise<StoredAccessKey> {
  const key = await findAccessKey(deps.reader, input.id)
  if (key?.user.account !== input.account) throw unknown(input.id)
  return key
}

function unknown(id: string): Error {
  return accessError('ENTITY_UNKNOWN', `The Access Key with id ${id} cannot be found.`)
}
