import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { scanningError } from './errors.ts'
import {
  faultOfScanning,
  type RegistryDefaults,
  type ScanningConfiguration,
} from './rules/scanning-rules.ts'
import { writeScanningConfiguration } from './scanning-settings-store.ts'

/** Puts the account's configuration in the place of the former one; SCANNING_RULES_INVALID for one that cannot hold. */
export async function putScanning(
  {
    database,
    clock,
    defaults,
  }: {
    readonly database: Database
    readonly clock: Clock
    readonly defaults: RegistryDefaults
  },
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
  await database.transaction((tx) =>
    writeScanningConfiguration(tx, account, { ...configuration, putBy }, now),
  )
}
