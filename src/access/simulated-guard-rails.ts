import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listStoredGuardRails } from './policy-snapshot-store.ts'
import { compileStoredSource, type SimulatedPolicy } from './simulate-policies.ts'

export interface GuardRailSources {
  /** A list for each level, from the root down. */
  readonly scp: readonly (readonly SimulatedPolicy[])[]
  readonly rcp: readonly (readonly SimulatedPolicy[])[]
}

/** What binds the account, as policies of a simulation. */
export async function listGuardRailSources(
  reader: SqlReader,
  account: AccountId,
): Promise<GuardRailSources> {
  const rails = await listStoredGuardRails(reader, account)
  const levelsOf = (type: 'scp' | 'rcp'): readonly (readonly SimulatedPolicy[])[] => {
    const levels = Map.groupBy(
      rails.filter(({ kind }) => kind === type),
      ({ level }) => level,
    )
    return Array.from(levels.values(), (rows) =>
      rows.map(({ name, document: text }) =>
        compileStoredSource({ id: `guard-rail:${name}`, type: 'none', text }, type),
      ),
    )
  }
  return { scp: levelsOf('scp'), rcp: levelsOf('rcp') }
}
