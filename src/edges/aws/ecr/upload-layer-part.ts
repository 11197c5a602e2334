// Spec:     Amazon ECR API Reference, UploadLayerPart.
// Deviates: an upload is its caller’s alone, and the same as one of /v2; a part may have up to 20 MiB.
import { appendUpload } from '../../../registry/append-upload.ts'
import { isRegistryError, type RegistryErrorCode } from '../../../registry/errors.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, invalidParameter } from './errors.ts'

/** Parts are inclusive ranges, one after another; a part out of place tells where to go on. */
export async function uploadLayerPart(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly uploadId: string
    readonly partFirstByte: number
    readonly partLastByte: number
    /** Base64. */
    readonly layerPartBlob: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const { uploadId, partFirstByte, partLastByte } = input
  const bytes = decodePart(input.layerPartBlob)
  const { principalId } = call.caller
  const expectedBytes = partLastByte - partFirstByte + 1
  if (expectedBytes < 1) {
    throw invalidParameter('partLastByte', `must not be less than partFirstByte ${partFirstByte}`)
  }
  const body = { source: once(bytes), expectedBytes, keepPartial: false }
  try {
    const address = { repository, uploadId, principalId }
    const { size } = await appendUpload(deps, { ...address, start: partFirstByte, body })
    const { account: registryId, name: repositoryName } = repository
    return { registryId, repositoryName, uploadId, lastByteReceived: size - 1 }
  } catch (error) {
    throw withPlace(error, { ...repository, uploadId, partFirstByte })
  }
}

/** The decoder skips what is not base64; such a part would be another one. */
function decodePart(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64')
  const padding = /=*$/.exec(base64.slice(-2))?.[0].length ?? 0
  if (bytes.byteLength === Math.floor(((base64.length - padding) * 3) / 4)) return bytes
  throw ecrError('SerializationException', `'layerPartBlob' is not base64`)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

/** What says that a part does not fit the upload. */
const placed: ReadonlySet<RegistryErrorCode> = new Set([
  'UPLOAD_BUSY',
  'UPLOAD_INTERRUPTED',
  'UPLOAD_OUT_OF_ORDER',
  'SIZE_MISMATCH',
])

/** The model's members of InvalidLayerPartException. */
function withPlace(
  error: unknown,
  at: {
    readonly account: string
    readonly name: string
    readonly uploadId: string
    readonly partFirstByte: number
  },
): unknown {
  if (!isRegistryError(error) || !placed.has(error.code)) return error
  // A part that began in its place, and then was another than it said, leaves the upload where it was.
  const { size = error.code === 'SIZE_MISMATCH' ? at.partFirstByte : undefined } = error.detail
  return ecrError('InvalidLayerPartException', error.message, {
    registryId: at.account,
    repositoryName: at.name,
    uploadId: at.uploadId,
    ...(typeof size === 'number' ? { lastValidByteReceived: size - 1 } : {}),
  })
}
