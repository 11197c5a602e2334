import { enqueue } from '../jobs/queue.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import { isImageConfigMediaType } from '../oci/media-type.ts'
import type { Clock } from '../lib/clock.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import type { ImageContent } from './image-scan.ts'
import { insertPendingScan, type ScanKey } from './scan-store.ts'

export const scanImageJob = 'scan-image'
/** Somebody waits for the scan of a push. */
const scanPriority = 20

/** Asks for a scan in the caller's transaction. */
export async function requestScan(tx: SqlWriter, key: ScanKey, now: Date): Promise<void> {
  await insertPendingScan(tx, key, now)
  const { repositoryId, digest } = key
  const job = {
    kind: scanImageJob,
    key: `${repositoryId}/${digest}`,
    input: { repositoryId, digest },
    priority: scanPriority,
  }
  await enqueue(tx, job, now)
}

/** Asks for the scans of what was pushed; an index asks for none, since its images were pushed before it. */
export async function requestScansOfPush(
  deps: { readonly database: Database; readonly clock: Clock },
  content: ImageContent,
  key: ScanKey,
): Promise<void> {
  const stored = await content.findManifest(key.digest)
  if (stored === undefined) return
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (parsed.kind === 'refused' || scannability(parsed.manifest) !== 'image') return
  await deps.database.transaction((tx) => requestScan(tx, key, deps.clock.now()))
}

/** What of a manifest can be scanned: itself, what it lists, or nothing (signatures, SBOMs, charts, caches). */
export function scannability(manifest: Manifest): 'image' | 'index' | 'none' {
  if (manifest.kind === 'index') return 'index'
  const isImage = manifest.config !== undefined && isImageConfigMediaType(manifest.config.mediaType)
  return isImage && !isStatement(manifest) ? 'image' : 'none'
}

/** Build and signing tools put statements into manifests with an ordinary config; their layers say what they are. */
function isStatement({ artifactType, layers }: Extract<Manifest, { kind: 'image' }>): boolean {
  if (artifactType !== undefined) return true
  return layers.length > 0 && !layers.some(({ mediaType }) => isFileSystemMediaType(mediaType))
}

/** `…image.layer.v1.tar+gzip`, `…image.rootfs.diff.tar.gzip`, and the same encrypted or foreign. */
function isFileSystemMediaType(mediaType: string): boolean {
  return /\.tar(?:[.+]|$)/.test(mediaType)
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
