import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Digest } from '../oci/digest.ts'
import {
  bytes,
  textOrAbsent,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { LayerInventory } from './layer-inventory.ts'
import type { FoundSecret } from './rules/layer-contents.ts'

/** The inventory of a layer as these extractors read it; undefined when it was never read, or by others. */
export async function findLayerInventory(
  reader: SqlReader,
  digest: Digest,
  extractorRevision: string,
): Promise<LayerInventory | undefined> {
  const row = await reader.first(
    'SELECT inventory FROM layer_inventories WHERE digest = $1 AND extractor_revision = $2',
    [digest, extractorRevision],
  )
  if (row === undefined) return undefined
  const text = zstdDecompressSync(bytes(row, 'inventory')).toString()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written below from a value of this type
  return JSON.parse(text) as LayerInventory
}

/** Of a layer that was read by these extractors; undefined of another one. */
export async function findLayerSecrets(
  reader: SqlReader,
  digest: Digest,
  extractorRevision: string,
): Promise<readonly FoundSecret[] | undefined> {
  const row = await reader.first(
    'SELECT secrets FROM layer_inventories WHERE digest = $1 AND extractor_revision = $2',
    [digest, extractorRevision],
  )
  if (row === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written below from a value of this type
  return JSON.parse(textOrAbsent(row, 'secrets') ?? '[]') as readonly FoundSecret[]
}

export async function writeLayerInventory(
  tx: SqlWriter,
  digest: Digest,
  layer: { readonly extractorRevision: string; readonly inventory: LayerInventory },
  now: Date,
): Promise<void> {
  const { secrets } = layer.inventory
  const packed = zstdCompressSync(JSON.stringify(layer.inventory))
  await tx.run(
    `INSERT INTO layer_inventories (digest, extractor_revision, inventory, secrets, read_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (digest) DO UPDATE SET extractor_revision = excluded.extractor_revision,
       inventory = excluded.inventory, secrets = excluded.secrets, read_at = excluded.read_at`,
    [
      digest,
      layer.extractorRevision,
      packed,
      secrets === undefined ? null : JSON.stringify(secrets),
      now.getTime(),
    ],
  )
}
