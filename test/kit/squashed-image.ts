import assert from 'node:assert/strict'
import { parseReleaseFile } from '../../src/ecosystems/release-files.ts'
import { allExtractors } from '../../src/ecosystems/table.ts'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { inventoryLayer } from '../../src/scanning/layer-inventory.ts'
import { defaultLayerLimits } from '../../src/scanning/layer-limits.ts'
import { squash, type SquashedImage } from '../../src/scanning/rules/squash.ts'
import { tar, type TarSpec } from './tar-builder.ts'

/** Not of the bytes, so that two layers of the same entries are told apart. */
export function digestOfLayer(index: number): Digest {
  return digestOf(Buffer.from(`layer ${index}`))
}

/** What all extractors find in layers given as the entries of their tars. */
export async function squashedImage(
  ...layers: readonly (readonly TarSpec[])[]
): Promise<SquashedImage> {
  const read = layers.map(async (entries, index) => {
    const reading = await inventoryLayer(
      { extractors: allExtractors(), parseOsRelease: parseReleaseFile },
      { chunks: oneChunk(tar(...entries)) },
      defaultLayerLimits,
    )
    if (reading.kind !== 'read') assert.fail(reading.message)
    return { digest: digestOfLayer(index), inventory: reading.inventory }
  })
  return squash(await Promise.all(read))
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
