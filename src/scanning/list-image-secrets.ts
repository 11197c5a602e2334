// Where secrets stand in the layers of an image, as the scanner found them when it read the layers.
import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { extractorRevision } from './examine-image.ts'
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
  { reader, content }: { readonly reader: SqlReader; readonly content: ImageContent },
  digest: Digest,
): Promise<readonly ImageSecrets[] | undefined> {
  const stored = await content.findManifest(digest)
  if (stored === undefined) return undefined
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (parsed.kind !== 'parsed') return []
  const { manifest } = parsed
  if (manifest.kind === 'image') {
    const layers: LayerSecrets[] = []
    for (const layer of manifest.layers) {
      const secrets = await findLayerSecrets(reader, layer.digest, extractorRevision)
      layers.push({ digest: layer.digest, isRead: secrets !== undefined, secrets: secrets ?? [] })
    }
    return [{ digest, layers }]
  }
  const images: ImageSecrets[] = []
  for (const { digest: child, platform } of platformChildren(manifest).slice(0, mostPlatforms)) {
    // An index in an index is not gone into: no runtime does.
    const found = await listImageSecrets({ reader, content }, child)
    images.push(...(found ?? []).map((one) => ({ ...one, platform })))
  }
  return images
}
