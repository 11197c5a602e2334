import type { Clock } from '../lib/clock.ts'
import type { Reference } from '../oci/reference.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Requester } from '../policy/requester.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { isStorageFault } from '../storage/storage-full.ts'
import { registryError } from './errors.ts'
import {
  lookUpManifest,
  lookUpManifestSummary,
  type ManifestLookup,
} from './manifest-lookup-store.ts'
import { touchLastPulledAt, type ManifestSummary, type StoredManifest } from './manifest-store.ts'
import { isPullExcluded } from './pull-time-exclusion-store.ts'
import { repositoryUnknown, type RepositoryAddress } from './repository-store.ts'

/** A pull is recorded when the last recorded one is older than this: often enough for lifecycle rules, cheap enough for pulls. */
const pullRecordIntervalMs = 12 * 3_600_000

interface ManifestAddress {
  readonly repository: RepositoryAddress
  readonly reference: Reference
}

/** The manifest that a tag or digest names now, or MANIFEST_UNKNOWN; IMAGE_ARCHIVED where it is not served. */
export async function getManifest(
  reader: SqlReader,
  input: ManifestAddress,
): Promise<StoredManifest & { readonly repositoryId: number }> {
  const { repository, reference } = input
  return named(input, await lookUpManifest(reader, repository, reference))
}

/** As `getManifest`, without its bytes. */
export async function getManifestSummary(
  reader: SqlReader,
  input: ManifestAddress,
): Promise<ManifestSummary> {
  const { repository, reference } = input
  return named(input, await lookUpManifestSummary(reader, repository, reference))
}

function named<M extends ManifestSummary>(
  { repository, reference }: ManifestAddress,
  found: ManifestLookup<M> | undefined,
): M & { readonly repositoryId: number } {
  if (found === undefined) throw repositoryUnknown(repository)
  const { repositoryId, manifest } = found
  if (manifest === undefined) throw manifestUnknown(repository, reference)
  if (found.isArchived) throw imageArchived(repository, reference, manifest)
  return { ...manifest, repositoryId }
}

/** Who pulls, from whose registry. */
export interface Pull {
  readonly account: AccountId
  readonly requester: Requester
}

/**
 * Remembers that the image was pulled; at most one write in twelve hours for each image. Sessions of a role that the registry
 * excludes leave no trace.
 */
export async function recordPull(
  deps: { readonly database: Database; readonly clock: Clock },
  manifest: StoredManifest & { readonly repositoryId: number },
  { account, requester }: Pull,
): Promise<void> {
  const now = deps.clock.now()
  const last = manifest.lastPulledAt?.getTime() ?? 0
  if (now.getTime() - last < pullRecordIntervalMs) return
  if (
    requester.kind === 'assumed-role' &&
    (await isPullExcluded(deps.database, account, requester.roleArn))
  )
    return
  try {
    await deps.database.transaction(
      (tx) => touchLastPulledAt(tx, manifest.repositoryId, manifest.digest, now),
      { survives: 'process' },
    )
  } catch (error) {
    // Pulls go on when the disk takes nothing; the next one is recorded.
    if (!isStorageFault(error)) throw error
  }
}

function manifestUnknown(repository: RepositoryAddress, reference: Reference): Error {
  const wanted = reference.kind === 'tag' ? `tag ${reference.tag}` : reference.digest
  return registryError('MANIFEST_UNKNOWN', `repository ${repository.name} has no ${wanted}`, {
    repository: repository.name,
    reference: reference.kind === 'tag' ? reference.tag : reference.digest,
  })
}

/** The sentence names the command: whoever pulls does not know of archives. */
function imageArchived(
  { name }: RepositoryAddress,
  reference: Reference,
  { digest }: ManifestSummary,
): Error {
  const wanted = reference.kind === 'tag' ? `${name}:${reference.tag}` : `${name}@${digest}`
  return registryError('IMAGE_ARCHIVED', archivedSentence(wanted, name, digest), {
    repository: name,
    digest,
  })
}

export function archivedSentence(image: string, repository: string, digest: string): string {
  return `${image} is archived and is not served; bring it back with: aws ecr update-image-storage-class --repository-name ${repository} --image-id imageDigest=${digest} --target-storage-class STANDARD, or push it again`
}
