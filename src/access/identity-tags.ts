// Tags of users, roles and managed policies. Policies compare the keys without regard to case, so no two of one owner differ in
// case alone: a key in other letters takes the place of the one that is there.
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { accessError } from './errors.ts'
import {
  deleteIdentityTag,
  insertIdentityTag,
  listIdentityTags,
  type Tag,
} from './identity-tag-store.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'

export const maxTags = 50

/** Finds the owner within the transaction, or throws. */
export type OwnerLookup = (reader: SqlReader) => Promise<{ readonly id: string }>

export async function tagIdentity(
  deps: { readonly database: Database },
  input: { readonly owner: OwnerLookup; readonly tags: readonly Tag[] },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const { id } = await input.owner(tx)
    await setTags(tx, id, input.tags)
    await bumpPolicyEpoch(tx)
  })
}

/** A key that is not there is no fault. */
export async function untagIdentity(
  deps: { readonly database: Database },
  input: { readonly owner: OwnerLookup; readonly keys: readonly string[] },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const { id } = await input.owner(tx)
    const keys = new Set(input.keys.map(keyOf))
    for (const { key } of await listIdentityTags(tx, id)) {
      if (keys.has(keyOf(key))) await deleteIdentityTag(tx, id, key)
    }
    await bumpPolicyEpoch(tx)
  })
}

/** Within a transaction that changes the owner: adds the tags, in the place of those with the same keys. */
export async function setTags(tx: SqlWriter, ownerId: string, tags: readonly Tag[]): Promise<void> {
  const keys = new Set(tags.map(({ key }) => keyOf(key)))
  if (keys.size < tags.length) {
    const message = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'
    throw accessError('INPUT_INVALID', message)
  }
  if ([...keys].some((key) => key.startsWith('aws:'))) {
    const message = 'Tag keys starting with aws: are reserved for system use.'
    throw accessError('INPUT_INVALID', message)
  }
  const present = await listIdentityTags(tx, ownerId)
  const replaced = present.filter(({ key }) => keys.has(keyOf(key)))
  if (present.length - replaced.length + tags.length > maxTags) {
    throw accessError('ENTITY_LIMIT', `The number of tags has reached the maximum limit.`)
  }
  for (const { key } of replaced) await deleteIdentityTag(tx, ownerId, key)
  for (const tag of tags) await insertIdentityTag(tx, ownerId, tag)
}

function keyOf(key: string): string {
  return key.toLowerCase()
}
