import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { findManifestByDigest, touchLastPulledAt, type StoredManifest } from './manifest-store.ts'
import { getRepository, type Repository, type RepositoryAddress } from './repository-store.ts'
import { findTag } from './tag-store.ts'

/** A pull is recorded when the last recorded one is older than this: often enough for lifecycle rules, cheap enough for pulls. */
const pullRecordIntervalMs = 12 * 3_600_000

/** The manifest that a tag or digest names now, or MANIFEST_UNKNOWN. */
export async function getManifest(
  reader: SqlReader,
  input: { readonly repository: RepositoryAddress; readonly reference: Reference },
): Promise<StoredManifest & { readonly repositoryId: number }> {
  const repository = await getRepository(reader, input.repository)
  const digest = await resolveReference(reader, repository, input.reference)
  const found = await findManifestByDigest(reader, repository.id, digest)
  if (found === undefined) throw manifestUnknown(repository, input.reference)
  return { ...found, repositoryId: repository.id }
}

/** What a reference names, or MANIFEST_UNKNOWN for a tag that does not exist. */
export async function resolveReference(
  reader: SqlReader,
  repository: Repository,
  reference: Reference,
): Promise<Digest> {
  if (reference.kind === 'digest') return reference.digest
  const digest = await findTag(reader, repository.id, reference.tag)
  if (digest === undefined) throw manifestUnknown(repository, reference)
  return digest
}

/** Remembers that the image was pulled; at most one write in twelve hours for each image. */
export async function recordPull(
  deps: { readonly database: Database; readonly clock: Clock },
  manifest: StoredManifest & { readonly repositoryId: number },
): Promise<void> {
  const now = deps.clock.now()
  const last = manifest.lastPulledAt?.getTime() ?? 0
  if (now.getTime() - last < pullRecordIntervalMs) return
  await deps.database.transaction((tx) =>
    touchLastPulledAt(tx, manifest.repositoryId, manifest.digest, now),
  )
}

function manifestUnknown(repository: Repository, reference: Reference): Error {
  const wanted = reference.kind === 'tag' ? `tag ${reference.tag}` : reference.digest
  return registryError('MANIFEST_UNKNOWN', `repository ${repository.name} has no ${wanted}`, {
    repository: repository.name,
    reference: reference.kind === 'tag' ? reference.tag : reference.digest,
  })
}
