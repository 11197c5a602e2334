import { repositoryArn } from '../../../policy/arn.ts'
import type { Repository } from '../../../registry/repository-store.ts'
import { epochSeconds, type EcrDeps } from './call.ts'
import { offeredEncryption } from './encryption-input.ts'
import { renderTagMutability } from './tag-mutability-input.ts'

/** The model's Repository. `repositoryUri` is what a client puts before the tag. */
export function renderRepository(
  deps: Pick<EcrDeps, 'region' | 'url'>,
  repository: Repository,
): Readonly<Record<string, unknown>> {
  const { account, name } = repository
  return {
    repositoryArn: repositoryArn(deps.region, account, name),
    registryId: account,
    repositoryName: name,
    repositoryUri: `${new URL(deps.url()).host}/${name}`,
    createdAt: epochSeconds(repository.createdAt),
    ...renderTagMutability(repository.tagMutability),
    imageScanningConfiguration: { scanOnPush: repository.scanOnPush },
    encryptionConfiguration: offeredEncryption,
  }
}
