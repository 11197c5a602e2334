// Spec:     Amazon ECR API Reference, CreateRepository.
// Deviates: what is left out is filled with IMMUTABLE and scanOnPush unless PRATIQUE_DEFAULTS=aws; encryption types KMS and KMS_DSSE are refused.
import { createRepository as create } from '../../../registry/create-repository.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { requireOfferedEncryption, type EncryptionShape } from './encryption-input.ts'
import { renderRepository } from './repository-shape.ts'
import { readTags, type TagShape } from './resource-tags.ts'
import { readTagMutability, type TagMutabilityShape } from './tag-mutability-input.ts'

/** CreateRepository. What the caller leaves out is filled by the registry's defaults, safe ones or AWS's. */
export async function createRepository(
  deps: EcrDeps,
  input: TagMutabilityShape & {
    readonly registryId?: string
    readonly repositoryName: string
    readonly tags?: readonly TagShape[]
    readonly imageScanningConfiguration?: { readonly scanOnPush?: boolean }
    readonly encryptionConfiguration?: EncryptionShape
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const isSecure = deps.defaults === 'secure'
  requireOfferedEncryption(input.encryptionConfiguration)
  const repository = await create(deps, {
    repository: repositoryIn(call, input),
    tagMutability: readTagMutability(input, isSecure ? 'IMMUTABLE' : 'MUTABLE'),
    scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? isSecure,
    tags: readTags(input.tags ?? []),
  })
  return { repository: renderRepository(deps, repository) }
}
