import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import type { Database } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import {
  deleteRepositoryTag,
  listRepositoryTags,
  putRepositoryTag,
  type RepositoryTag,
} from './repository-tag-store.ts'

export const maxRepositoryTags = 50

/** Adds or replaces resource tags; all or none. */
export async function tagRepository(
  database: Database,
  input: { readonly repository: RepositoryAddress; readonly tags: readonly RepositoryTag[] },
): Promise<void> {
  await database.transaction(async (tx) => {
    const { id, name } = await getRepository(tx, input.repository)
    for (const tag of input.tags) await putRepositoryTag(tx, id, tag)
    await bumpPolicyEpoch(tx)
    const keys = (await listRepositoryTags(tx, id)).map(({ key }) => key)
    const count = keys.length
    if (count > maxRepositoryTags) {
      const message = `repository ${name} would have ${count} tags; at most ${maxRepositoryTags} are possible`
      throw registryError('TAGS_TOO_MANY', message, { count })
    }
    refuseCollidingKeys(keys)
  })
}

/** Condition keys name tags without regard to case: of two such keys nobody could say which one is meant. */
export function refuseCollidingKeys(keys: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const key of keys) {
    const other = seen.get(key.toLowerCase())
    if (other !== undefined && other !== key) {
      const message = `tag keys ${key} and ${other} differ only in case`
      throw registryError('TAG_KEYS_COLLIDE', message, { key, other })
    }
    seen.set(key.toLowerCase(), key)
  }
}

/** Removes resource tags by key; keys that are not there are no error. */
export async function untagRepository(
  database: Database,
  input: { readonly repository: RepositoryAddress; readonly keys: readonly string[] },
): Promise<void> {
  await database.transaction(async (tx) => {
    const { id } = await getRepository(tx, input.repository)
    for (const key of input.keys) await deleteRepositoryTag(tx, id, key)
    await bumpPolicyEpoch(tx)
  })
}
