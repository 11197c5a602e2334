// Spec:     Amazon ECR API Reference, BatchCheckLayerAvailability.
// Deviates: a layer that only archived images use is ARCHIVED; one that it says to be there is kept for the grace of collection, so that who asked may refer to it.
import { parseDigest } from '../../../oci/digest.ts'
import { isArchivedLayer } from '../../../registry/archival-store.ts'
import { keepBlob } from '../../../registry/keep-blob.ts'
import { findLinkedBlob } from '../../../registry/linked-blob-store.ts'
import { findLayerMediaType } from '../../../registry/manifest-store.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

export async function batchCheckLayerAvailability(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly layerDigests: readonly string[]
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { database } = deps
  const { id: repositoryId } = await getRepository(database, repositoryIn(call, input))
  const layers: Readonly<Record<string, unknown>>[] = []
  const failures: Readonly<Record<string, unknown>>[] = []
  for (const layerDigest of new Set(input.layerDigests)) {
    const digest = parseDigest(layerDigest)
    if (digest === undefined) {
      const failureReason = `Invalid layer digest '${layerDigest.slice(0, 150)}'`
      failures.push({ layerDigest, failureCode: 'InvalidLayerDigest', failureReason })
      continue
    }
    const blob = await findLinkedBlob(database, repositoryId, digest)
    const kept = blob !== undefined && (await keepBlob(deps, { repositoryId, digest, blob }))
    if (!kept) {
      layers.push({ layerDigest, layerAvailability: 'UNAVAILABLE' })
      continue
    }
    const mediaType = await findLayerMediaType(database, repositoryId, digest)
    layers.push({
      layerDigest,
      layerAvailability: (await isArchivedLayer(database, repositoryId, digest))
        ? 'ARCHIVED'
        : 'AVAILABLE',
      layerSize: blob.size,
      ...(mediaType === undefined ? {} : { mediaType }),
    })
  }
  return { layers, failures }
}
