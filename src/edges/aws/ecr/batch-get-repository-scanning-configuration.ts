import { repositoryArn } from '../../../policy/arn.ts'
import { findRepository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

export async function batchGetRepositoryScanningConfiguration(
  deps: EcrDeps,
  input: { readonly repositoryNames: readonly string[] },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const scanningConfigurations: Readonly<Record<string, unknown>>[] = []
  const failures: Readonly<Record<string, unknown>>[] = []
  for (const repositoryName of new Set(input.repositoryNames)) {
    const found = await findRepository(deps.database, repositoryIn(call, { repositoryName }))
    if (found === undefined) {
      const failureReason = `The repository with name '${repositoryName}' does not exist in the registry with id '${call.caller.accountId}'`
      failures.push({ repositoryName, failureCode: 'REPOSITORY_NOT_FOUND', failureReason })
      continue
    }
    const { scanOnPush } = found
    scanningConfigurations.push({
      repositoryArn: repositoryArn(deps.region, found.account, found.name),
      repositoryName,
      scanOnPush,
      scanFrequency: scanOnPush ? 'SCAN_ON_PUSH' : 'MANUAL',
      appliedScanFilters: [],
    })
  }
  return { scanningConfigurations, failures }
}
