// Spec:     Amazon ECR API Reference, InitiateLayerUpload.
// Deviates: a caller with too many uploads in hand gets LimitExceededException, which the model does not list here; an upload is its caller’s alone, and the same as one of /v2.
import { startUpload } from '../../../registry/start-upload.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

/** What clients are told to send at a time, in bytes; AWS tells the same. */
const partSize = 10_485_760

export async function initiateLayerUpload(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly repositoryName: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { principalId } = call.caller
  const repository = repositoryIn(call, input)
  const { uploadId } = await startUpload(deps, { repository, principalId, algorithm: 'sha256' })
  return { uploadId, partSize }
}
