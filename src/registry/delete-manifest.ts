import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { listFreeCompanions } from './companion-store.ts'
import { registryError } from './errors.ts'
import { recordEvent } from './events.ts'
import {
  deleteManifestRow,
  findManifestSummary,
  findReferringIndex,
  listFreeReferrers,
  type ManifestSummary,
} from './manifest-store.ts'
import { renewLinksOf } from './linked-blob-store.ts'
import {
  findRepositoryById,
  getRepository,
  type Repository,
  type RepositoryAddress,
} from './repository-store.ts'
import { findTag, listTagsOf, writeTag } from './tag-store.ts'

/** Goes on with the referrers of a deleted subject where they are many; app.ts binds it. */
export const removeReferrersJob = 'remove-referrers'
/** After pushes, before scans. */
const removalPriority = 15
/** Referrers that one transaction removes: pushes wait for it. */
const removalSize = 100

interface Deps {
  readonly database: Database
  readonly clock: Clock
}

interface Target {
  readonly repository: RepositoryAddress
  /** Principal ARN, for the history of tags. */
  readonly principal: string
}

export interface DeletedImage {
  readonly digest: Digest
  readonly tags: readonly Tag[]
}

/**
 * Deletes a manifest and every tag that points at it; refused while an index needs it.
 * `referrers`: the API deletes signatures and SBOMs with their subject, /v2 leaves them as the specification does.
 */
export async function deleteManifest(
  deps: Deps,
  input: Target & { readonly digest: Digest; readonly referrers: 'delete' | 'keep' },
): Promise<DeletedImage> {
  return deps.database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    const found = await findManifestSummary(tx, repository.id, input.digest)
    if (found === undefined) throw manifestUnknown(repository, input.digest)
    const tags = await removeManifest(tx, repository, input, deps.clock.now())
    return { digest: input.digest, tags }
  })
}

/**
 * Deletes one tag. `whenLast`: with the last tag of an image the API deletes the image, /v2 does not.
 */
export async function deleteTag(
  deps: Deps,
  input: Target & { readonly tag: Tag; readonly whenLast: 'delete-image' | 'keep-image' },
): Promise<DeletedImage> {
  return deps.database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    const digest = await findTag(tx, repository.id, input.tag)
    if (digest === undefined) {
      const message = `repository ${repository.name} has no tag ${input.tag}`
      throw registryError('TAG_UNKNOWN', message, { tag: input.tag })
    }
    const now = deps.clock.now()
    const tags = await listTagsOf(tx, repository.id, digest)
    if (input.whenLast === 'delete-image' && tags.length === 1) {
      await removeManifest(tx, repository, { ...input, digest, referrers: 'delete' }, now)
      return { digest, tags }
    }
    const { principal, tag } = input
    await writeTag(tx, { repository, tag, from: digest, to: undefined, principal }, now)
    const told = await describeManifest(tx, repository, digest)
    await recordEvent(tx, repository, { kind: 'TagDeleted', ...told, tags: [tag] }, now)
    return { digest, tags: [tag] }
  })
}

/** In its transaction: tags, what refers to it if asked, and the manifest; its blobs stay for a grace. */
export async function removeManifest(
  tx: SqlWriter,
  repository: Repository,
  input: {
    readonly digest: Digest
    readonly principal: string
    readonly referrers: 'delete' | 'keep'
  },
  now: Date,
): Promise<readonly Tag[]> {
  const { digest, principal } = input
  const index = await findReferringIndex(tx, repository.id, digest)
  if (index !== undefined) {
    const message = `manifest ${digest} is part of index ${index}; delete the index first`
    throw registryError('MANIFEST_REFERENCED', message, { digest, index })
  }
  const tags = await removeOne(tx, repository, input, now)
  if (input.referrers === 'delete') {
    await removeReferrers(tx, repository, { subject: digest, principal }, now)
  }
  return tags
}

async function removeOne(
  tx: SqlWriter,
  repository: Repository,
  { digest, principal }: { readonly digest: Digest; readonly principal: string },
  now: Date,
): Promise<readonly Tag[]> {
  const tags = await listTagsOf(tx, repository.id, digest)
  for (const tag of tags) {
    await writeTag(tx, { repository, tag, from: digest, to: undefined, principal }, now)
  }
  const told = await describeManifest(tx, repository, digest)
  await renewLinksOf(tx, repository.id, digest, now)
  await deleteManifestRow(tx, repository.id, digest)
  await recordEvent(tx, repository, { kind: 'ImageDeleted', ...told, tags }, now)
  return tags
}

/** What is told of a manifest that goes, while it is there. */
async function describeManifest(
  tx: SqlWriter,
  repository: Repository,
  digest: Digest,
): Promise<Pick<ManifestSummary, 'digest' | 'mediaType' | 'artifactType' | 'subject'>> {
  const found = await findManifestSummary(tx, repository.id, digest)
  if (found === undefined) throw manifestUnknown(repository, digest)
  const { mediaType, artifactType, subject } = found
  return { digest, mediaType, artifactType, subject }
}

/**
 * Referrers of referrers too (a signature of an SBOM); those that an index holds stay with it. The first hundred go at once,
 * the rest by a job that is asked for in the same transaction: ten thousand in one would keep every other writer waiting.
 */
async function removeReferrers(
  tx: SqlWriter,
  repository: Repository,
  input: { readonly subject: Digest; readonly principal: string },
  now: Date,
): Promise<void> {
  const { principal } = input
  const subjects = [input.subject]
  for (let removed = 0; removed < removalSize;) {
    const subject = subjects.pop()
    if (subject === undefined) return
    const room = removalSize - removed
    const followers = await listFollowers(tx, repository, subject, room)
    for (const digest of followers) await removeOne(tx, repository, { digest, principal }, now)
    removed += followers.length
    // Referrers that an index of nothing else held are free when it is gone.
    if (followers.length > 0) subjects.push(subject, ...followers)
  }
  for (const subject of subjects) {
    const [more] = await listFollowers(tx, repository, subject, 1)
    if (more === undefined) continue
    const key = `${repository.id}/${subject}`
    const rest = { repositoryId: repository.id, subject, principal }
    await enqueue(
      tx,
      { kind: removeReferrersJob, key, input: rest, priority: removalPriority },
      now,
    )
  }
}

/** What belongs to a subject and nothing holds: first indexes of its referrers, and then those. */
async function listFollowers(
  tx: SqlWriter,
  { id }: Repository,
  subject: Digest,
  limit: number,
): Promise<readonly Digest[]> {
  const companions = await listFreeCompanions(tx, id, subject, limit)
  return companions.length > 0 ? companions : listFreeReferrers(tx, id, subject, limit)
}

/** The job: one transaction's worth, and the job again while there are more. A subject that was pushed anew keeps them. */
export async function removeMoreReferrers(
  deps: Deps,
  input: { readonly repositoryId: number; readonly subject: Digest; readonly principal: string },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const repository = await findRepositoryById(tx, input.repositoryId)
    if (repository === undefined) return
    if ((await findManifestSummary(tx, repository.id, input.subject)) !== undefined) return
    await removeReferrers(tx, repository, input, deps.clock.now())
  })
}

function manifestUnknown(repository: Repository, digest: Digest): Error {
  return registryError('MANIFEST_UNKNOWN', `repository ${repository.name} has no ${digest}`, {
    repository: repository.name,
    reference: digest,
  })
}
