import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Database } from '../storage/database/database.ts'
import type { Keyring } from './keyring.ts'
import { masterKeyError } from './master-key-errors.ts'
import { openSecret, sealSecret } from './rules/seal-secret.ts'
import { findStoredKey, insertStoredKey } from './sealed-record-store.ts'

/**
 * A random key of 32 bytes for what must be verified after the master key has changed (a derived one would go with it); made at
 * the first call, sealed in the database, resealed by rotations. MASTER_KEY_ABSENT when its record opens under no key in use.
 */
export async function storedKey(
  deps: {
    readonly database: Database
    readonly clock: Clock
    readonly ids: Ids
    readonly keyring: Keyring
  },
  name: string,
): Promise<KeyObject> {
  const { database, clock, ids, keyring } = deps
  const keys = keyring.keysOf('stored-key')
  const place = { table: 'stored_keys', row: name } as const
  return database.transaction(async (tx) => {
    const sealed = await findStoredKey(tx, name)
    if (sealed === undefined) {
      const made = ids.bytes(32)
      await insertStoredKey(tx, name, sealSecret(keys, ids.bytes(12), place, made), clock.now())
      return createSecretKey(made)
    }
    const plain = openSecret(keys, place, sealed)
    if (plain !== undefined) return createSecretKey(plain)
    const message = `the key ${name} in the database opens under no master key in use`
    throw masterKeyError('MASTER_KEY_ABSENT', message)
  })
}
