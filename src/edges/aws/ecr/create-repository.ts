// Spec:     Amazon ECR API Reference, CreateRepository.
// Deviates: what is left out is filled with IMMUTABLE and scanOnPush unless PRATIQUE_DEFAULTS=aws; encryption types KMS and KMS_DSSE are refused; there is no limit on the number of repositories.
import { createRepository as create } from '../../../registry/create-repository.ts'
import { parseTagMutability } from '../../../registry/rules/tag-mutability.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, invalidParameter } from './errors.ts'
import { renderRepository } from './repository-shape.ts'
import { readTags, type TagShape } from './resource-tags.ts'

/** CreateRepository. What the caller leaves out is filled by the registry's defaults, safe ones or AWS's. */
export async function createRepository(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly tags?: readonly TagShape[]
    readonly imageTagMutability?: string
    readonly imageTagMutabilityExclusionFilters?: readonly unknown[]
    readonly imageScanningConfiguration?: { readonly scanOnPush?: boolean }
    readonly encryptionConfiguration?: { readonly encryptionType: string }
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const isSecure = deps.defaults === 'secure'
  const { encryptionConfiguration } = input
  if (
    encryptionConfiguration !== undefined &&
    encryptionConfiguration.encryptionType !== 'AES256'
  ) {
    const type = encryptionConfiguration.encryptionType
    throw ecrError(
      'InvalidParameterException',
      `encryption type ${type} is not offered by this registry; use AES256`,
    )
  }
  const repository = await create(deps, {
    repository: repositoryIn(call, input),
    tagMutability: requireMutability(
      input.imageTagMutability ?? (isSecure ? 'IMMUTABLE' : 'MUTABLE'),
    ),
    scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? isSecure,
    tags: readTags(input.tags ?? []),
  })
  return { repository: renderRepository(deps, repository) }
}

/** Exclusion filters are not there yet; saying so beats keeping a setting that is not enforced. */
export function requireMutability(text: string): 'MUTABLE' | 'IMMUTABLE' {
  const setting = parseTagMutability(text)
  if (setting !== undefined) return setting
  if (text.endsWith('_WITH_EXCLUSION')) {
    const message = `imageTagMutability ${text} is not implemented by this version of Pratique; use MUTABLE or IMMUTABLE`
    throw ecrError('InvalidParameterException', message)
  }
  throw invalidParameter(
    'imageTagMutability',
    `must be one of 'MUTABLE', 'IMMUTABLE', 'MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'`,
  )
}
