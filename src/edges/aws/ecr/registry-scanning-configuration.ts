import { putScanning } from '../../../scanning/put-scanning.ts'
import { describeScanning } from '../../../scanning/resolve-scanning.ts'
import type {
  ScanFrequency,
  ScanningConfiguration,
  ScanType,
} from '../../../scanning/rules/scanning-rules.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export interface ScanningRuleShape {
  readonly scanFrequency: ScanFrequency
  readonly repositoryFilters: readonly {
    readonly filter: string
    readonly filterType: 'WILDCARD'
  }[]
}

export async function getRegistryScanningConfiguration(
  deps: EcrDeps,
  _input: unknown,
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { database: reader, defaults } = deps
  const found = await describeScanning({ reader, defaults }, caller.accountId)
  return { registryId: caller.accountId, scanningConfiguration: renderScanning(found) }
}

/** The whole configuration: what is left out is BASIC, and no rules. */
export async function putRegistryScanningConfiguration(
  deps: EcrDeps,
  input: { readonly scanType?: ScanType; readonly rules?: readonly ScanningRuleShape[] },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { scanType = 'BASIC', rules = [] } = input
  const configuration: ScanningConfiguration = {
    scanType,
    rules: rules.map(({ scanFrequency, repositoryFilters }) => ({
      frequency: scanFrequency,
      filters: repositoryFilters.map(({ filter }) => filter),
    })),
  }
  const { accountId: account, principalArn: principal } = caller
  await putScanning(deps, { account, principal, configuration })
  deps.wake()
  return { registryScanningConfiguration: renderScanning(configuration) }
}

export function renderFilters(filters: readonly string[]): readonly unknown[] {
  return filters.map((filter) => ({ filter, filterType: 'WILDCARD' }))
}

function renderScanning({
  scanType,
  rules,
}: ScanningConfiguration): Readonly<Record<string, unknown>> {
  return {
    scanType,
    rules: rules.map(({ frequency, filters }) => ({
      scanFrequency: frequency,
      repositoryFilters: renderFilters(filters),
    })),
  }
}
