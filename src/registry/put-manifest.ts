import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { algorithmOf, digestOf, type Digest } from '../oci/digest.ts'
import { artifactTypeOf, maxManifestBytes, parseManifest, type Manifest } from '../oci/manifest.ts'
import type { Tag } from '../oci/tag.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { findArchival, restoreRows } from './archival-store.ts'
import { registryError } from './errors.ts'
import { recordEvent } from './events.ts'
import type { CommitGate, PushWitness } from './gates.ts'
import { findLinkedBlob } from './linked-blob-store.ts'
import {
  findManifestByDigest,
  findManifestSummary,
  hasManifestBytes,
  insertManifest,
  rewriteManifest,
  touchPushedAt,
} from './manifest-store.ts'
import { changeWithinQuota } from './quotas.ts'
import { countReferrersOf } from './referrer-count-store.ts'
import { getRepository, type Repository, type RepositoryAddress } from './repository-store.ts'
import { addedReferrers, isFallbackTag, mayExtend } from './rules/fallback-tag.ts'
import { neededBlobs } from './rules/manifest-rows.ts'
import { holds, type Precondition } from './rules/precondition.ts'
import { decideTagWrite, modeOf, type TagWrite } from './rules/tag-mutability.ts'
import { findTag, writeTag } from './tag-store.ts'

const lookupsAtOnce = 500

export interface PutManifestInput {
  readonly repository: RepositoryAddress
  readonly bytes: Uint8Array
  readonly mediaType: string | undefined
  /** The digest the client states; the manifest is stored under it. sha256 when it states none. */
  readonly digest: Digest | undefined
  readonly tags: readonly Tag[]
  /** Principal ARN, for the history of tags. */
  readonly principal: string
  /** What a push of what is there already means: success (clients retry), or IMAGE_EXISTS (the API). */
  readonly ifPresent: 'accept' | 'refuse'
  /** On what the tag names now; on the manifest itself where the push is by digest. */
  readonly precondition?: Precondition
  readonly gate?: CommitGate | undefined
  readonly witness?: PushWitness | undefined
}

export interface PutManifestResult {
  readonly digest: Digest
  readonly subject: Digest | undefined
  readonly mediaType: string
  readonly artifactType: string | undefined
}

/**
 * Stores a manifest and moves its tags, all in one transaction, after these checks in this order:
 * size → JSON and members → digest of the bytes → condition of the client → blobs or children present in this repository →
 * tag mutability → room for referrers → write.
 */
export async function putManifest(
  deps: { readonly database: Database; readonly clock: Clock },
  input: PutManifestInput,
): Promise<PutManifestResult> {
  const manifest = readManifest(input)
  const digest = verifyDigest(input)
  await deps.database.transaction(async (tx) => {
    await input.gate?.(tx, { artifactType: artifactTypeOf(manifest) })
    const repository = await getRepository(tx, input.repository)
    const isPresent = (await findManifestSummary(tx, repository.id, digest)) !== undefined
    await requirePrecondition(tx, repository, input, isPresent ? digest : undefined)
    await requireReferences(tx, repository, manifest)
    const writes = await decideTags(tx, repository, input.tags, { digest, manifest })
    const archival = isPresent ? await findArchival(tx, repository.id, digest) : undefined
    const isServed = isPresent && archival?.isArchived !== true
    if (input.ifPresent === 'refuse') refusePresent(input, digest, isServed, writes)
    const now = deps.clock.now()
    const stored = { digest, manifest, bytes: input.bytes, pushedBy: input.principal }
    if (isPresent) {
      await touchPushedAt(tx, repository.id, digest, input.principal, now)
      // Kept bytes that are damaged are healed by a push of the right ones.
      const isSound = await hasManifestBytes(tx, repository.id, stored)
      if (!isSound) await rewriteManifest(tx, repository.id, stored)
    } else {
      await requireReferrerRoom(tx, repository, manifest, input.principal)
      await changeWithinQuota(tx, repository.id, () =>
        insertManifest(tx, repository.id, stored, now),
      )
    }
    // A push brings back from the archive, of an index its children too: an index that is served lists nothing that is not.
    if (isPresent || manifest.kind === 'index') await restoreRows(tx, repository.id, digest, now)
    await writeTags(tx, repository, writes, digest, input.principal, now)
    await tellOfPush(tx, repository, input, { digest, manifest }, now)
  })
  const { mediaType, artifactType, subject } = manifest
  return { digest, mediaType, artifactType, subject: subject?.digest }
}

async function tellOfPush(
  tx: SqlWriter,
  repository: Repository,
  { tags, witness }: PutManifestInput,
  { digest, manifest }: Offered,
  now: Date,
): Promise<void> {
  const { mediaType, artifactType, subject } = manifest
  const told = { digest, tags, mediaType, artifactType, subject: subject?.digest }
  await recordEvent(tx, repository, { kind: 'ImagePushed', ...told }, now)
  await witness?.(tx, { ...told, repository, artifactType: artifactTypeOf(manifest) }, now)
}

function readManifest(input: PutManifestInput): Manifest {
  if (input.bytes.byteLength > maxManifestBytes) {
    const message = `the manifest has ${input.bytes.byteLength} bytes; at most ${maxManifestBytes} are accepted`
    throw registryError('MANIFEST_TOO_LARGE', message, { maxManifestBytes })
  }
  const result = parseManifest(input.bytes, input.mediaType)
  if (result.kind === 'parsed') return result.manifest
  throw registryError('MANIFEST_INVALID', result.reason)
}

/** Over the bytes as sent, in the algorithm that the client names. */
function verifyDigest(input: PutManifestInput): Digest {
  const { digest: stated, bytes } = input
  const computed = digestOf(bytes, stated === undefined ? 'sha256' : algorithmOf(stated))
  if (stated === undefined || stated === computed) return computed
  const message = `the manifest has the digest ${computed}, not ${stated}`
  throw registryError('DIGEST_MISMATCH', message, { stated, computed })
}

async function requirePrecondition(
  tx: SqlReader,
  repository: Repository,
  { precondition, tags, digest }: PutManifestInput,
  present: Digest | undefined,
): Promise<void> {
  if (precondition === undefined) return
  const tag = digest === undefined ? tags[0] : undefined
  const current = tag === undefined ? present : await findTag(tx, repository.id, tag)
  if (holds(precondition, current)) return
  const named = tag === undefined ? 'the manifest' : `tag ${tag}`
  const message = `${named} of ${repository.name} is not as the push demands: ${current ?? 'it is not there'}`
  throw registryError('PRECONDITION_FAILED', message, { current })
}

async function requireReferences(
  tx: SqlReader,
  repository: Repository,
  manifest: Manifest,
): Promise<void> {
  if (manifest.kind === 'index') return requireChildren(tx, repository, manifest)
  const missing = await missingOf(neededBlobs(manifest), (digest) =>
    findLinkedBlob(tx, repository.id, digest),
  )
  if (missing.length === 0) return
  const message = `the manifest refers to blobs that repository ${repository.name} does not have: ${missing.join(', ')}`
  throw registryError('MANIFEST_BLOB_UNKNOWN', message, { digests: missing })
}

async function requireChildren(
  tx: SqlReader,
  repository: Repository,
  manifest: Extract<Manifest, { kind: 'index' }>,
): Promise<void> {
  const digests = manifest.manifests.map(({ digest }) => digest)
  const missing = await missingOf(digests, (digest) =>
    findManifestSummary(tx, repository.id, digest),
  )
  if (missing.length === 0) return
  const message = `the index refers to manifests that repository ${repository.name} does not have: ${missing.join(', ')}`
  throw registryError('MANIFEST_CHILD_UNKNOWN', message, { digests: missing })
}

/** Each once; of ten thousand others have their turn between. */
async function missingOf(
  digests: readonly Digest[],
  find: (digest: Digest) => Promise<unknown>,
): Promise<readonly Digest[]> {
  const missing: Digest[] = []
  for (const [index, digest] of [...new Set(digests)].entries()) {
    if (index % lookupsAtOnce === lookupsAtOnce - 1) await yieldToEventLoop()
    if ((await find(digest)) === undefined) missing.push(digest)
  }
  return missing
}

/** Whoever may push could bury an image under referrers, and the good signature among them. */
const maxReferrersOfPrincipal = 200

async function requireReferrerRoom(
  tx: SqlReader,
  repository: Repository,
  { subject }: Manifest,
  principal: string,
): Promise<void> {
  if (subject === undefined) return
  const limit = maxReferrersOfPrincipal
  const key = { repositoryId: repository.id, subject: subject.digest, principal }
  if ((await countReferrersOf(tx, key, limit)) < limit) return
  const message = `you have ${limit} referrers of ${subject.digest} in ${repository.name}, as many as this registry allows; delete some`
  throw registryError('REFERRERS_TOO_MANY', message, { limit })
}

interface Offered {
  readonly digest: Digest
  readonly manifest: Manifest
}

interface DecidedTag {
  readonly tag: Tag
  readonly write: TagWrite
}

/** All or nothing: one tag that may not move refuses the push. */
async function decideTags(
  tx: SqlReader,
  repository: Repository,
  tags: readonly Tag[],
  offered: Offered,
): Promise<readonly DecidedTag[]> {
  const decided: DecidedTag[] = []
  for (const tag of new Set(tags)) {
    const current = await findTag(tx, repository.id, tag)
    const write = decideTagWrite(repository.tagMutability, tag, current, offered.digest)
    if (write.kind !== 'refused') decided.push({ tag, write })
    else if (await addsReferrers(tx, repository, tag, write.current, offered.manifest)) {
      decided.push({ tag, write: { kind: 'move', from: write.current } })
    } else throw tagImmutable(repository, tag, write.current)
  }
  return decided
}

/** A referrers tag is how some clients store a second signature: it moves where nothing is lost by it. */
async function addsReferrers(
  tx: SqlReader,
  repository: Repository,
  tag: Tag,
  currentDigest: Digest,
  offered: Manifest,
): Promise<boolean> {
  if (!isFallbackTag(tag)) return false
  const current = await findManifestByDigest(tx, repository.id, currentDigest)
  if (current === undefined) return false
  const parsed = parseManifest(current.bytes, current.mediaType)
  const added = parsed.kind === 'parsed' ? addedReferrers(parsed.manifest, offered) : undefined
  if (added === undefined) return false
  const subjects: (Digest | undefined)[] = []
  for (const digest of added) {
    subjects.push((await findManifestSummary(tx, repository.id, digest))?.subject)
  }
  return mayExtend(tag, subjects)
}

function tagImmutable(repository: Repository, tag: Tag, current: Digest): Error {
  return registryError(
    'TAG_IMMUTABLE',
    `tag ${JSON.stringify(tag)} of ${repository.name} is immutable and already points to ${current}; push another tag`,
    { tag, repository: repository.name, current, mutability: modeOf(repository.tagMutability) },
  )
}

function refusePresent(
  input: PutManifestInput,
  digest: Digest,
  isServed: boolean,
  writes: readonly DecidedTag[],
): void {
  if (!isServed || writes.some(({ write }) => write.kind !== 'same')) return
  throw registryError(
    'IMAGE_EXISTS',
    `image ${digest} exists already in ${input.repository.name}`,
    {
      digest,
      tag: input.tags[0],
    },
  )
}

async function writeTags(
  tx: SqlWriter,
  repository: Repository,
  writes: readonly DecidedTag[],
  to: Digest,
  principal: string,
  now: Date,
): Promise<void> {
  for (const { tag, write } of writes) {
    if (write.kind === 'same') continue
    const from = write.kind === 'move' ? write.from : undefined
    await writeTag(tx, { repository, tag, from, to, principal }, now)
  }
}
