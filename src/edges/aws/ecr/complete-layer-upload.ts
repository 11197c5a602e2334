import { parseDigest, type Digest } from '../../../oci/digest.ts'
import { finishUpload } from '../../../registry/finish-upload.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError } from './errors.ts'

/** All digests given must name the same content; the layer is kept under the first. */
export async function completeLayerUpload(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly uploadId: string
    readonly layerDigests: readonly string[]
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const { uploadId } = input
  const { principalId } = call.caller
  const layerDigest = requireOneDigest(input.layerDigests)
  const address = { repository, uploadId, principalId }
  const gate = call.stillAllowed
  await finishUpload(deps, { ...address, digest: layerDigest, asLayerOfApi: true, gate })
  const { account: registryId, name: repositoryName } = repository
  return { registryId, repositoryName, uploadId, layerDigest }
}

function requireOneDigest(texts: readonly string[]): Digest {
  const [first, ...others] = new Set(texts)
  const digest = parseDigest(first ?? '')
  if (digest !== undefined && others.length === 0) return digest
  const message = `layerDigests must be one digest, sha256: or sha512: with lower-case hex; received ${texts.length} entries beginning with '${(first ?? '').slice(0, 150)}'`
  throw ecrError('InvalidLayerException', message)
}
