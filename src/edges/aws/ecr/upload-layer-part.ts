import { appendUpload } from '../../../registry/append-upload.ts'
import { isRegistryError } from '../../../registry/errors.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError } from './errors.ts'

/** Parts are inclusive ranges, one after another; a part out of place tells where to go on. */
export async function uploadLayerPart(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly uploadId: string
    readonly partFirstByte: number
    readonly partLastByte: number
    readonly layerPartBlob: Uint8Array
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const { uploadId, partFirstByte, partLastByte, layerPartBlob } = input
  const { principalId } = call.caller
  const expectedBytes = partLastByte - partFirstByte + 1
  const body = { source: once(layerPartBlob), expectedBytes, keepPartial: false }
  try {
    const address = { repository, uploadId, principalId }
    const { size } = await appendUpload(deps, { ...address, start: partFirstByte, body })
    const { account: registryId, name: repositoryName } = repository
    return { registryId, repositoryName, uploadId, lastByteReceived: size - 1 }
  } catch (error) {
    throw withPlace(error, { ...repository, uploadId })
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

/** The model's members of InvalidLayerPartException. */
function withPlace(
  error: unknown,
  at: { readonly account: string; readonly name: string; readonly uploadId: string },
): unknown {
  if (!isRegistryError(error) || error.code !== 'UPLOAD_OUT_OF_ORDER') return error
  const { size } = error.detail
  return ecrError('InvalidLayerPartException', error.message, {
    registryId: at.account,
    repositoryName: at.name,
    uploadId: at.uploadId,
    lastValidByteReceived: typeof size === 'number' ? size - 1 : undefined,
  })
}
