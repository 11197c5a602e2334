// Where secrets stand in the layers of an image, as the scanner found them when it read the layers.
import type { Digest } from '../oci/digest.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { parseManifest, type ImageManifest, type Manifest } from '../oci/manifest.ts'
import { neededBlobs } from '../registry/rules/manifest-rows.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { extractorRevision, maxScannedLayers } from './examine-image.ts'
import type { ImageContent } from './image-scan.ts'
import { findLayerSecrets } from './layer-inventory-store.ts'
import { platformChildren } from './request-scan.ts'
import type { FoundSecret } from './rules/layer-contents.ts'

export interface ImageSecrets {
  readonly digest: Digest
  /** Of a platform of an index. */
  readonly platform?: string
  readonly layers: readonly LayerSecrets[]
}

export interface LayerSecrets {
  readonly digest: Digest
  /** False of a layer that this version of the scanner has not read, or could not: nothing is known of it. */
  readonly isRead: boolean
  readonly secrets: readonly FoundSecret[]
}

/** Real indexes have a dozen. */
const mostPlatforms = 200

/** One for each platform of an index; undefined where there is no such manifest. */
export async function listImageSecrets(
  deps: Deps,
  digest: Digest,
): Promise<readonly ImageSecrets[] | undefined> {
  const manifest = await findManifest(deps, digest)
  if (manifest === undefined) return undefined
  if (manifest === 'unreadable') return []
  if (manifest.kind === 'image') return [{ digest, layers: await layersOf(deps, manifest) }]
  const images: ImageSecrets[] = []
  for (const { digest: child, platform } of platformChildren(manifest).slice(0, mostPlatforms)) {
    const found = await findManifest(deps, child)
    // An index in an index is not gone into: no runtime does, and a few of them have millions of ways through.
    if (found === undefined || found === 'unreadable' || found.kind === 'index') continue
    images.push({ digest: child, platform, layers: await layersOf(deps, found) })
    await yieldToEventLoop()
  }
  return images
}

interface Deps {
  readonly reader: SqlReader
  readonly content: ImageContent
}

async function findManifest(
  { content }: Pick<Deps, 'content'>,
  digest: Digest,
): Promise<Manifest | 'unreadable' | undefined> {
  const stored = await content.findManifest(digest)
  if (stored === undefined) return undefined
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  return parsed.kind === 'parsed' ? parsed.manifest : 'unreadable'
}

/** Of a layer that the repository need not have, or beyond those that are scanned, nothing is told: whoever names another's by its digest would read what is in it. */
async function layersOf(
  { reader }: Pick<Deps, 'reader'>,
  manifest: ImageManifest,
): Promise<readonly LayerSecrets[]> {
  const own = new Set(neededBlobs(manifest))
  const layers: LayerSecrets[] = []
  for (const [at, { digest }] of manifest.layers.entries()) {
    const secrets =
      own.has(digest) && at < maxScannedLayers
        ? await findLayerSecrets(reader, digest, extractorRevision)
        : undefined
    layers.push({ digest, isRead: secrets !== undefined, secrets: secrets ?? [] })
  }
  return layers
}
