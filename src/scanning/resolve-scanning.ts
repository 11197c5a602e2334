import type { AccountId } from '../policy/account-id.ts'
import { findRepository, type Repository } from '../registry/repository-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  defaultScanning,
  judgeScanning,
  type RegistryDefaults,
  type ResolvedScanning,
  type ScanningConfiguration,
} from './rules/scanning-rules.ts'
import { findScanningConfiguration } from './scanning-settings-store.ts'

export interface ScanningDeps {
  readonly reader: SqlReader
  readonly defaults: RegistryDefaults
}

/** The account's configuration, or what holds without one. */
export async function describeScanning(
  { reader, defaults }: ScanningDeps,
  account: AccountId,
): Promise<ScanningConfiguration> {
  return (await findScanningConfiguration(reader, account)) ?? defaultScanning(defaults)
}

/** How a repository is scanned: the registry's rules, then its own setting. */
export async function resolveScanning(
  { reader, defaults }: ScanningDeps,
  repository: Pick<Repository, 'account' | 'name' | 'scanOnPush'>,
): Promise<ResolvedScanning> {
  const put = await findScanningConfiguration(reader, repository.account)
  return judgeScanning({ put, defaults }, repository)
}

/** The same by address; undefined where there is no such repository. */
export async function findScanning(
  deps: ScanningDeps,
  address: { readonly account: AccountId; readonly name: RepositoryName },
): Promise<{ readonly repository: Repository; readonly scanning: ResolvedScanning } | undefined> {
  const repository = await findRepository(deps.reader, address)
  if (repository === undefined) return undefined
  return { repository, scanning: await resolveScanning(deps, repository) }
}
