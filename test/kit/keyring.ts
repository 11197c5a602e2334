import { Keyring } from '../../src/access/keyring.ts'
import { admitMasterKeys } from '../../src/access/open-keyring.ts'
import { masterKeyOf } from '../../src/access/rules/master-keys.ts'
import { systemIds } from '../../src/lib/ids.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { fakeClock } from './fake-clock.ts'

/** A master key that the database knows, so that records can be sealed under it; the same bytes each time. */
export async function testKeyring(database: Database, byte = 1): Promise<Keyring> {
  const deps = { database, clock: fakeClock(), ids: systemIds }
  return new Keyring(await admitMasterKeys(deps, [masterKeyOf(Buffer.alloc(32, byte))]))
}
