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
  return isImage && !isAttestation(manifest) ? 'image' : 'none'
}

/** Build tools put statements into manifests with an ordinary config; their layers say what they are. */
function isAttestation(manifest: Extract<Manifest, { kind: 'image' }>): boolean {
  if (manifest.artifactType !== undefined) return true
  const { layers } = manifest
  return (
    layers.length > 0 &&
    layers.every(({ mediaType }) => mediaType === 'application/vnd.in-toto+json')
  )
}

/** The children of an index that are images of a platform. */
export function platformChildren(manifest: Extract<Manifest, { kind: 'index' }>): readonly {
  readonly digest: Digest
  readonly platform: string
}[] {
  return manifest.manifests.flatMap(({ digest, platform, annotations }) => {
    const isStatement = annotations?.['vnd.docker.reference.type'] !== undefined
    if (isStatement || (platform?.os === 'unknown' && platform.architecture === 'unknown'))
      return []
    const parts = [platform?.os, platform?.architecture, platform?.variant]
    return [{ digest, platform: parts.filter((part) => part !== undefined).join('/') || 'unknown' }]
  })
}
