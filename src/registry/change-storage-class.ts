import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { archiveRows, findArchival, restoreRows } from './archival-store.ts'
import { registryError } from './errors.ts'
import { imagePushedJob, pushPriority, recordEvent } from './events.ts'
import { findManifestSummary, findReferringIndex } from './manifest-store.ts'
import { getRepository, type Repository, type RepositoryAddress } from './repository-store.ts'
import { listTagsOf } from './tag-store.ts'

export type StorageClassChange = 'archive' | 'restore'

/**
 * Archives an image (it is listed and described, and not served) or brings it back at once, which asks for a scan as a push does.
 * What is so already stays as it is. IMAGE_NOT_ARCHIVABLE: what an index lists, and what is no image.
 */
export async function changeStorageClass(
  deps: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly repository: RepositoryAddress
    readonly digest: Digest
    readonly to: StorageClassChange
  },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    const now = deps.clock.now()
    if (input.to === 'archive') await archiveImage(tx, repository, input.digest, now)
    else await restoreImage(tx, repository, input.digest, now)
  })
}

/** In its transaction. */
export async function archiveImage(
  tx: SqlWriter,
  repository: Repository,
  digest: Digest,
  now: Date,
): Promise<void> {
  const found = await findManifestSummary(tx, repository.id, digest)
  if (found === undefined) throw manifestUnknown(repository, digest)
  const index = await findReferringIndex(tx, repository.id, digest)
  if (index !== undefined) {
    throw notArchivable(digest, `index ${index} lists it; archive the index`)
  }
  if (found.subject !== undefined) {
    throw notArchivable(digest, `it refers to ${found.subject}; archive that image`)
  }
  if (found.artifactType !== undefined) {
    throw notArchivable(digest, `it is no image but an artifact of type ${found.artifactType}`)
  }
  const archival = await findArchival(tx, repository.id, digest)
  if (archival?.isArchived === true) return
  await archiveRows(tx, repository.id, digest, now)
  const { mediaType, artifactType, subject } = found
  const tags = await listTagsOf(tx, repository.id, digest)
  const told = { digest, tags, mediaType, artifactType, subject }
  await recordEvent(tx, repository, { kind: 'ImageArchived', ...told }, now)
}

async function restoreImage(
  tx: SqlWriter,
  repository: Repository,
  digest: Digest,
  now: Date,
): Promise<void> {
  const found = await findManifestSummary(tx, repository.id, digest)
  if (found === undefined) throw manifestUnknown(repository, digest)
  if (!(await restoreRows(tx, repository.id, digest, now))) return
  const { mediaType, artifactType, subject } = found
  const tags = await listTagsOf(tx, repository.id, digest)
  const told = { digest, tags, mediaType, artifactType, subject }
  await recordEvent(tx, repository, { kind: 'ImageRestored', ...told }, now)
  const key = `${repository.id}/${digest}`
  const input = { repositoryId: repository.id, digest }
  const fairKey = repository.account
  await enqueue(tx, { kind: imagePushedJob, key, input, priority: pushPriority, fairKey }, now)
}

function notArchivable(digest: Digest, why: string): Error {
  return registryError('IMAGE_NOT_ARCHIVABLE', `image ${digest} cannot be archived: ${why}`, {
    digest,
  })
}

function manifestUnknown(repository: Repository, digest: Digest): Error {
  return registryError('MANIFEST_UNKNOWN', `repository ${repository.name} has no ${digest}`, {
    repository: repository.name,
    reference: digest,
  })
}
