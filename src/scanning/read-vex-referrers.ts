// VEX documents that were pushed beside images: found by content, judged by their signatures.
import { enqueue, housekeepingPriority } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import { readAll } from '../lib/read-all.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type ImageManifest } from '../oci/manifest.ts'
import { companionTag } from '../registry/rules/companion-tag.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { judgeAttachment, maxAttachmentBytes } from '../vex/attestation.ts'
import type { TrustedKey } from '../lib/public-keys.ts'
import type { VexDocument } from '../vex/vex-document.ts'
import type { ImageContent } from './image-scan.ts'
import { keysHashOf } from './vex-keys-hash.ts'
import {
  listMisjudged,
  listPossibleReferrers,
  replaceVexReferrers,
  type ManifestKey,
  type VexReferrer,
} from './vex-referrer-store.ts'

/** Judges anew what was judged with other keys, in batches. */
export const rejudgeVexJob = 'rejudge-vex'
/** Looks once at what was pushed before this was done at each push. */
export const readOlderVexJob = 'read-older-vex'

export interface ReferrerDeps {
  readonly database: Database
  readonly clock: Clock
  readonly contentOf: (repositoryId: number) => ImageContent
  readonly keys: readonly TrustedKey[]
}

const manifestsAtOnce = 50
/** cosign reads no more. */
const maxLayers = 1000
/** Of all layers of one manifest: whoever may push chooses how much is read. */
const maxTotalBytes = 64 * 1024 * 1024

/** Reads what a manifest says of its subject; most say nothing. Idempotent. */
export async function readVexReferrers(
  deps: ReferrerDeps,
  key: ManifestKey,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { database, clock, keys } = deps
  const content = deps.contentOf(key.repositoryId)
  const stored = await content.findManifest(key.digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  if (parsed?.kind !== 'parsed' || parsed.manifest.kind !== 'image') return
  const { manifest } = parsed
  const spokenOf = await subjectOf(database, key, manifest)
  const referrers =
    spokenOf === undefined ? [] : await readLayers(content, manifest, { ...spokenOf, keys, signal })
  const found = { referrers, keysHash: keysHashOf(keys), readAt: clock.now() }
  if (spokenOf === undefined) return
  await database.transaction((tx) => replaceVexReferrers(tx, key, found))
}

interface SpokenOf {
  readonly subject: Digest
  readonly viaTag: string | undefined
}

/** cosign's older form has no subject: a tag made of the image's digest says whose it is. */
async function subjectOf(
  reader: SqlReader,
  { repositoryId, digest }: ManifestKey,
  { subject }: ImageManifest,
): Promise<SpokenOf | undefined> {
  if (subject !== undefined) return { subject: subject.digest, viaTag: undefined }
  for (const tag of await listTagsOf(reader, repositoryId, digest)) {
    const companion = companionTag(tag)
    const named = companion?.kind === 'att' ? companion.subject : undefined
    if (named !== undefined) return { subject: named, viaTag: tag }
  }
  return undefined
}

async function readLayers(
  content: ImageContent,
  { layers }: ImageManifest,
  {
    subject,
    viaTag,
    keys,
    signal,
  }: SpokenOf & { readonly keys: readonly TrustedKey[]; readonly signal: AbortSignal },
): Promise<readonly VexReferrer[]> {
  const referrers: VexReferrer[] = []
  let left = maxTotalBytes
  for (const [position, layer] of layers.slice(0, maxLayers).entries()) {
    signal.throwIfAborted()
    const bytes = await readLayer(content, layer.digest, Math.min(left, maxAttachmentBytes))
    if (bytes === undefined) continue
    left -= bytes.byteLength
    const judged = judgeAttachment(bytes, { keys, subject })
    if (judged.kind === 'none') continue
    const { document } = judged
    const judgement =
      judged.kind === 'trusted'
        ? {
            kind: judged.kind,
            fingerprint: judged.fingerprint,
            document: JSON.stringify(judged.source),
          }
        : { kind: judged.kind, reason: judged.reason }
    const summary = document === undefined ? undefined : summaryOf(document)
    referrers.push({ position, subject, viaTag, blobDigest: layer.digest, judgement, summary })
  }
  return referrers
}

async function readLayer(
  content: ImageContent,
  digest: Digest,
  limit: number,
): Promise<Uint8Array | undefined> {
  const blob = await content.openBlob(digest)
  if (blob === undefined) return undefined
  if (blob.size <= limit) return readAll(blob.stream, limit)
  blob.stream.destroy()
  return undefined
}

function summaryOf({ id, version, issuer, statements }: VexDocument): VexReferrer['summary'] {
  return { id, version, issuer, statements: statements.length }
}

/** The job that a start asks for: until it is done, what was judged with other keys has no effect. */
export async function rejudgeVex(
  deps: ReferrerDeps,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { database, clock } = deps
  const keysHash = keysHashOf(deps.keys)
  const misjudged = await listMisjudged(database, keysHash, manifestsAtOnce)
  for (const key of misjudged) {
    await readVexReferrers(deps, key, options)
    await forgetUnread(deps, key, keysHash)
  }
  if (misjudged.length === manifestsAtOnce)
    await database.transaction((tx) => enqueue(tx, jobOf(rejudgeVexJob, {}), clock.now()))
}

/** A manifest that lost the tag which made it a referrer, or cannot be read: its rows would be found for ever. */
async function forgetUnread(
  { database, clock }: ReferrerDeps,
  key: ManifestKey,
  keysHash: string,
): Promise<void> {
  const [left] = await listMisjudged(database, keysHash, 1)
  if (left?.repositoryId !== key.repositoryId || left.digest !== key.digest) return
  const found = { referrers: [], keysHash, readAt: clock.now() }
  await database.transaction((tx) => replaceVexReferrers(tx, key, found))
}

/** The job that the schema's change asked for; `input` says after which manifest it goes on. */
export async function readOlderVex(
  deps: ReferrerDeps,
  input: unknown,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { database, clock } = deps
  const page = await listPossibleReferrers(database, placeIn(input), manifestsAtOnce)
  for (const key of page) await readVexReferrers(deps, key, options)
  const last = page.at(-1)
  if (last === undefined) return
  await database.transaction((tx) => enqueue(tx, jobOf(readOlderVexJob, { ...last }), clock.now()))
}

function jobOf(
  kind: string,
  input: Readonly<Record<string, unknown>>,
): Parameters<typeof enqueue>[1] {
  return { kind, key: 'all', input, priority: housekeepingPriority }
}

function placeIn(input: unknown): { readonly repositoryId: number; readonly digest: string } {
  if (typeof input === 'object' && input !== null && 'repositoryId' in input && 'digest' in input)
    return { repositoryId: Number(input.repositoryId), digest: String(input.digest) }
  return { repositoryId: 0, digest: '' }
}
