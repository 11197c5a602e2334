import type { Digest } from '../oci/digest.ts'
import type { ImageConfig } from '../oci/image-config.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { scanningError } from './errors.ts'
import { extractorRevision, gatherLayers } from './examine-image.ts'
import type { ImageContent, ImageScan } from './image-scan.ts'
import { findLayerInventory } from './layer-inventory-store.ts'
import { squash, type SquashedImage } from './rules/squash.ts'
import { findScanRow, type ScanKey } from './scan-store.ts'

export interface ImageInventory {
  readonly image: SquashedImage
  readonly config: ImageConfig
  readonly scan: ImageScan
  readonly scannedAt: Date
}

/**
 * What is in an image that was scanned: its layers' inventories squashed anew, without reading a layer. Throws
 * INVENTORY_UNKNOWN, _PENDING, _UNREADABLE or _OUTDATED where it cannot be told.
 */
export async function readImageInventory(
  reader: SqlReader,
  content: ImageContent,
  key: ScanKey,
): Promise<ImageInventory> {
  const scan = await findScanRow(reader, key)
  const scannedAt = requireScanned(scan, key.digest)
  const gathered = await gatherLayers(content, key.digest, {
    atOnce: 1,
    read: async (layer) => {
      const known = await findLayerInventory(reader, layer.digest, extractorRevision)
      return known ?? missingLayer(scannedAt.scan, key.digest, layer.digest)
    },
  })
  if ('status' in gathered) throw unreadable(key.digest, gathered.reason)
  const { layers, config } = gathered
  return { image: squash(layers), config, ...scannedAt }
}

function requireScanned(
  scan: ImageScan | undefined,
  digest: Digest,
): { readonly scan: ImageScan; readonly scannedAt: Date } {
  if (scan === undefined)
    throw scanningError('INVENTORY_UNKNOWN', `image ${digest} was never scanned`)
  if (scan.status === 'FAILED') throw unreadable(digest, scan.reason)
  const { completedAt } = scan
  if (completedAt === undefined || scan.status === 'PENDING' || scan.status === 'IN_PROGRESS')
    throw scanningError('INVENTORY_PENDING', `image ${digest} is being scanned`)
  return { scan, scannedAt: completedAt }
}

/** A scan that never came to judge packages says why; else the inventory was made by other extractors. */
function missingLayer(scan: ImageScan, digest: Digest, layer: Digest): never {
  if (scan.status === 'UNSUPPORTED_IMAGE' && scan.dataRevision === undefined)
    throw unreadable(digest, scan.reason)
  const message = `layer ${layer} of image ${digest} was read by another version of the scanner`
  throw scanningError('INVENTORY_OUTDATED', message)
}

function unreadable(digest: Digest, reason: string | undefined): Error {
  const message = `image ${digest} could not be scanned: ${reason ?? 'no reason is known'}`
  return scanningError('INVENTORY_UNREADABLE', message)
}
