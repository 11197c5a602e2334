import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { enqueue } from '../jobs/queue.ts'
import { configureScanOnPush } from '../registry/configure-repository.ts'
import type { Repository, RepositoryAddress } from '../registry/repository-store.ts'
import { describeScanning } from './resolve-scanning.ts'
import { unscannedOf } from './scan-unscanned.ts'
import { scanningError } from './errors.ts'
import {
  faultOfScanning,
  type RegistryDefaults,
  type ScanningConfiguration,
} from './rules/scanning-rules.ts'
import { recordScanningConfigured, writeScanningConfiguration } from './scanning-settings-store.ts'

export interface PutScanningDeps {
  readonly database: Database
  readonly clock: Clock
  readonly defaults: RegistryDefaults
}

/**
 * Puts the account's configuration in the place of the former one; SCANNING_RULES_INVALID for one that cannot hold. Images
 * that are there and were never scanned are scanned where their repository now is continuously.
 */
export async function putScanning(
  { database, clock, defaults }: PutScanningDeps,
  input: {
    readonly account: AccountId
    readonly principal: string
    readonly configuration: ScanningConfiguration
  },
): Promise<void> {
  const { account, principal: putBy, configuration } = input
  const fault = faultOfScanning(configuration, defaults)
  if (fault !== undefined) throw scanningError('SCANNING_RULES_INVALID', fault)
  const now = clock.now()
  await database.transaction(async (tx) => {
    const previous = await describeScanning({ reader: tx, defaults }, account)
    await writeScanningConfiguration(tx, account, { ...configuration, putBy }, now)
    await recordScanningConfigured(tx, account, { previous, configuration }, now)
    await enqueue(tx, unscannedOf(account), now)
  })
}

/** The repository's own setting; it counts where no rule of the registry goes before it. */
export async function putScanOnPush(
  { database, clock }: Pick<PutScanningDeps, 'database' | 'clock'>,
  input: { readonly repository: RepositoryAddress; readonly scanOnPush: boolean },
): Promise<Repository> {
  const configured = await configureScanOnPush(database, input)
  // In a transaction of its own: what is killed between is scanned with the next push or by hand.
  if (input.scanOnPush) {
    const { account } = input.repository
    await database.transaction((tx) => enqueue(tx, unscannedOf(account), clock.now()))
  }
  return configured
}
