import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import type { Database } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import {
  countRepositoryTags,
  deleteRepositoryTag,
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
    const count = await countRepositoryTags(tx, id)
    if (count <= maxRepositoryTags) return
    const message = `repository ${name} would have ${count} tags; at most ${maxRepositoryTags} are possible`
    throw registryError('TAGS_TOO_MANY', message, { count })
  })
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
