import { enqueue, type NewJob } from '../jobs/queue.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import { isImageConfigMediaType } from '../oci/media-type.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Clock } from '../lib/clock.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import type { ImageContent } from './image-scan.ts'
import { insertPendingScan, type ScanKey } from './scan-store.ts'

export const scanImageJob = 'scan-image'

/** Why a scan is made: somebody pushed, somebody asks, or nobody waits for it. */
export type ScanOrigin = 'push' | 'hand' | 'backlog'

/** A push goes before what is asked for by hand, of which there may be thousands; the rest is background work. */
export const scanPriorities = {
  push: 20,
  hand: 25,
  backlog: 60,
} as const satisfies Record<ScanOrigin, number>

/** Asks for a scan in the caller's transaction; accounts have their turn. */
export async function requestScan(
  tx: SqlWriter,
  key: ScanKey,
  { account, origin }: { readonly account: AccountId; readonly origin: ScanOrigin },
  now: Date,
): Promise<void> {
  await insertPendingScan(tx, key, now)
  await enqueue(tx, scanJob(key, account, origin), now)
}

/** Asks for an image to be read again; its result stands until the new one takes its place. */
export async function requestRenewal(
  tx: SqlWriter,
  key: ScanKey,
  account: AccountId,
  now: Date,
): Promise<void> {
  await enqueue(tx, scanJob(key, account, 'backlog'), now)
}

function scanJob(
  { repositoryId, digest }: ScanKey,
  account: AccountId,
  origin: ScanOrigin,
): NewJob {
  return {
    kind: scanImageJob,
    key: `${repositoryId}/${digest}`,
    input: { repositoryId, digest },
    priority: scanPriorities[origin],
    fairKey: account,
  }
}

/** Asks for the scans of what was pushed; an index asks for none, since its images were pushed before it. */
export async function requestScansOfPush(
  deps: { readonly database: Database; readonly clock: Clock },
  content: ImageContent,
  key: ScanKey,
  account: AccountId,
): Promise<void> {
  if (!(await isScannable(content, key.digest))) return
  const { database, clock } = deps
  await database.transaction((tx) => requestScan(tx, key, { account, origin: 'push' }, clock.now()))
}

/** Whether a manifest is an image by itself; an index is not, its images are. */
export async function isScannable(content: ImageContent, digest: Digest): Promise<boolean> {
  const stored = await content.findManifest(digest)
  if (stored === undefined) return false
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  return parsed.kind === 'parsed' && scannability(parsed.manifest) === 'image'
}

/** What of a manifest can be scanned: itself, what it lists, or nothing (signatures, SBOMs, charts, caches). */
export function scannability(manifest: Manifest): 'image' | 'index' | 'none' {
  if (manifest.kind === 'index') return 'index'
  const isImage = manifest.config !== undefined && isImageConfigMediaType(manifest.config.mediaType)
  return isImage && !isStatement(manifest) ? 'image' : 'none'
}

/**
 * Build and signing tools put statements into manifests with an ordinary config; their layers say what they are. An artifactType
 * does not: nodes run what has it, and whoever pushes could hide an image behind one.
 */
function isStatement({ artifactType, layers }: Extract<Manifest, { kind: 'image' }>): boolean {
  if (layers.length === 0) return artifactType !== undefined
  return !layers.some(({ mediaType }) => isFileSystemMediaType(mediaType))
}

/** What nodes unpack or mount: `…image.layer.v1.tar+gzip`, `…image.rootfs.diff.tar.gzip`, the same encrypted or foreign, and EROFS. */
function isFileSystemMediaType(mediaType: string): boolean {
  return (
    /\.tar(?:[.+]|$)/.test(mediaType) ||
    /^application\/vnd\.(?:oci\.image\.layer|erofs)(?:[.+]|$)/.test(mediaType)
  )
}

/**
 * The children of an index that a runtime may pick, each once. Only `unknown/unknown` is never picked: a child whose
 * annotations call it an attestation still runs, so they prove nothing.
 */
export function platformChildren(manifest: Extract<Manifest, { kind: 'index' }>): readonly {
  readonly digest: Digest
  readonly platform: string
}[] {
  const seen = new Set<Digest>()
  return manifest.manifests.flatMap(({ digest, platform }) => {
    if (platform?.os === 'unknown' && platform.architecture === 'unknown') return []
    if (seen.has(digest)) return []
    seen.add(digest)
    const parts = [platform?.os, platform?.architecture, platform?.variant]
    return [{ digest, platform: parts.filter((part) => part !== undefined).join('/') || 'unknown' }]
  })
}
