import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { registryError } from '../registry/errors.ts'
import { putManifest } from '../registry/put-manifest.ts'
import { getRepository, type RepositoryAddress } from '../registry/repository-store.ts'
import { findTag } from '../registry/tag-store.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { lifecycleError } from './errors.ts'
import { findUndoable, markUndone } from './record-store.ts'

export interface UndoneDeletion {
  readonly digest: Digest
  readonly tags: readonly Tag[]
  /** Tags that name another image by now and were left to it. */
  readonly taken: readonly Tag[]
}

/**
 * Puts back an image that a run deleted, with those of its tags that are free: as a push by the caller, so that it is young again.
 * LIFECYCLE_UNDO_UNKNOWN: it was not deleted by a run, or too long ago. MANIFEST_BLOB_UNKNOWN: its layers were collected meanwhile.
 */
export async function undoDeletion(
  deps: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly repository: RepositoryAddress
    readonly digest: Digest
    /** ARN. */
    readonly principal: string
  },
): Promise<UndoneDeletion> {
  const { database, clock } = deps
  const { repository, digest, principal } = input
  const { id, name } = await getRepository(database, repository)
  const place = { account: repository.account, repository: name }
  const record = await findUndoable(database, place, { digest, now: clock.now() })
  if (record === undefined) {
    const message = `no deletion of ${digest} in repository ${name} can be undone`
    throw lifecycleError('LIFECYCLE_UNDO_UNKNOWN', message, { repository: name, digest })
  }
  const tags: Tag[] = []
  const taken: Tag[] = []
  for (const text of record.tags) {
    const tag = parseTag(text)
    if (tag === undefined) continue
    const isFree = (await findTag(database, id, tag)) === undefined
    ;(isFree ? tags : taken).push(tag)
  }
  const bytes = record.manifest
  const { mediaType } = record
  // A push may take a tag while this is on its way: its tag stays its own.
  const gate = async (tx: SqlReader): Promise<void> => {
    for (const tag of tags) {
      const current = await findTag(tx, id, tag)
      if (current === undefined) continue
      const message = `tag ${tag} of ${name} was given to ${current} meanwhile; undo again`
      throw registryError('PRECONDITION_FAILED', message, { current })
    }
  }
  await putManifest(deps, {
    repository,
    bytes,
    mediaType,
    digest,
    tags,
    principal,
    ifPresent: 'accept',
    gate,
  })
  await database.transaction((tx) => markUndone(tx, record.id, clock.now()))
  return { digest, tags, taken }
}
