import { repositoryArn } from '../../../policy/arn.ts'
import { findScanning } from '../../../scanning/resolve-scanning.ts'
import { scansPushes } from '../../../scanning/rules/scanning-rules.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { renderFilters } from './registry-scanning-configuration.ts'

/** As the registry's rules and the repository's own setting have it together. */
export async function batchGetRepositoryScanningConfiguration(
  deps: EcrDeps,
  input: { readonly repositoryNames: readonly string[] },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const scanningConfigurations: Readonly<Record<string, unknown>>[] = []
  const failures: Readonly<Record<string, unknown>>[] = []
  const scanningDeps = { reader: deps.database, defaults: deps.defaults }
  for (const repositoryName of new Set(input.repositoryNames)) {
    const found = await findScanning(scanningDeps, repositoryIn(call, { repositoryName }))
    if (found === undefined) {
      const failureReason = `The repository with name '${repositoryName}' does not exist in the registry with id '${call.caller.accountId}'`
      failures.push({ repositoryName, failureCode: 'REPOSITORY_NOT_FOUND', failureReason })
      continue
    }
    const { repository, scanning } = found
    scanningConfigurations.push({
      repositoryArn: repositoryArn(deps.region, repository.account, repository.name),
      repositoryName,
      scanOnPush: scansPushes(scanning),
      scanFrequency: scanning.frequency,
      appliedScanFilters: renderFilters(scanning.filters),
    })
  }
  return { scanningConfigurations, failures }
}
