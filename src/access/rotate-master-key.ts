import { Secret } from '../lib/secret.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { MasterKeySource } from '../storage/master-key/master-key-source.ts'
import { isStorageFault, nameStorageFault } from '../storage/storage-full.ts'
import type { Keyring } from './keyring.ts'
import { masterKeyError } from './master-key-errors.ts'
import { deleteMasterKey, dropPreviousAfter, listMasterKeys } from './master-key-store.ts'
import { admitMasterKeys, readMasterKeys, type MasterKeyDeps } from './open-keyring.ts'
import {
  formatMasterKeys,
  masterKeyOf,
  mostMasterKeys,
  type MasterKeys,
} from './rules/master-keys.ts'
import { openSecret, sealSecret } from './rules/seal-secret.ts'
import {
  countSealedRecords,
  listRecordsToReseal,
  sealedTables,
  updateSealedSecret,
} from './sealed-record-store.ts'

export interface RotationDeps extends MasterKeyDeps {
  readonly keyring: Keyring
}

/** Records that a transaction reseals; requests have their turn between two. */
const pageSize = 100

/**
 * A new primary key: durable in its source first, then known to the database, and only then used. Where the source is not the
 * server's, or holds a new first key already, that is taken instead. With `endSessions` the previous keys open no token any more
 * once nothing is sealed under them; without, until the last token made under them has ended.
 * MASTER_KEY_UNCHANGED, MASTER_KEYS_TOO_MANY, MASTER_KEY_ABSENT, MASTER_KEY_UNREADABLE.
 */
export async function rotateMasterKey(
  deps: RotationDeps,
  { endSessions }: { readonly endSessions: boolean },
): Promise<{ readonly primary: string; readonly previous: string }> {
  const { database, clock, keyring } = deps
  return keyring.exclusively(async () => {
    const previous = keyring.primaryId
    keyring.replace(await admitMasterKeys(deps, await nextKeys(deps)))
    if (endSessions) await database.transaction((tx) => dropPreviousAfter(tx, clock.now()))
    return { primary: keyring.primaryId, previous }
  })
}

async function nextKeys({ keyring, source, ids }: RotationDeps): Promise<MasterKeys> {
  const given = await readMasterKeys(source)
  if (given === undefined) {
    throw masterKeyError('MASTER_KEY_UNREADABLE', `the master key ${source.name} is gone`)
  }
  if (given[0].id !== keyring.primaryId) return given
  if (source.write === undefined) {
    const message = `${source.name} still gives key ${keyring.primaryId}`
    throw masterKeyError('MASTER_KEY_UNCHANGED', message)
  }
  if (keyring.masters.length >= mostMasterKeys) {
    const message = `${keyring.masters.length - 1} previous master keys are kept`
    throw masterKeyError('MASTER_KEYS_TOO_MANY', message)
  }
  const next = [masterKeyOf(ids.bytes(32)), ...keyring.masters] as const
  await writeKeys(source.write, next)
  return next
}

async function writeKeys(
  write: NonNullable<MasterKeySource['write']>,
  keys: MasterKeys,
): Promise<void> {
  try {
    await write(new Secret(formatMasterKeys(keys)))
  } catch (error) {
    const fault = nameStorageFault(error)
    if (isStorageFault(fault)) throw fault
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!['EROFS', 'EACCES', 'EPERM', 'ENOENT'].includes(code)) throw error
    const message = `the file of the master key cannot be written (${code})`
    throw masterKeyError('MASTER_KEY_UNCHANGED', message, { cause: error })
  }
}

export interface Resealed {
  readonly records: number
  /** Records that no key in use opens: damaged, or of another database. They keep the previous keys from being dropped. */
  readonly unopened: number
}

/**
 * Seals every record under the primary key that is not yet, in bounded transactions, and says after each how far it is. What
 * is cut goes on with the next call: a record names the key that it is sealed under.
 */
export async function* resealing(
  deps: RotationDeps,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Resealed, Resealed> {
  let total: Resealed = { records: 0, unopened: 0 }
  for (const sealed of sealedTables) {
    for (let after: string | undefined = ''; after !== undefined;) {
      signal.throwIfAborted()
      const from: string = after
      const page = await deps.database.transaction((tx) => resealPage(deps, tx, sealed, from))
      total = {
        records: total.records + page.records,
        unopened: total.unopened + page.unopened,
      }
      after = page.last
      if (after !== undefined) yield total
    }
  }
  return total
}

async function resealPage(
  { keyring, ids }: RotationDeps,
  tx: SqlWriter,
  { table, purpose }: (typeof sealedTables)[number],
  after: string,
): Promise<Resealed & { readonly last: string | undefined }> {
  const keys = keyring.keysOf(purpose)
  const range = { primary: keyring.primaryId, after, limit: pageSize }
  const page = await listRecordsToReseal(tx, table, range)
  let records = 0
  for (const { id, secret } of page) {
    const place = { table, row: id }
    const plain = openSecret(keys, place, secret)
    if (plain === undefined) continue
    await updateSealedSecret(tx, place, sealSecret(keys, ids.bytes(12), place, plain))
    records += 1
  }
  return { records, unopened: page.length - records, last: page.at(-1)?.id }
}

/**
 * Lets go of previous keys: of those whose tokens have all ended, and that no record refers to. First the database forgets them,
 * then this process, then the source, so that a kill between leaves a key too many and never one too few. Returns their ids.
 */
export async function dropPreviousKeys(deps: RotationDeps): Promise<readonly string[]> {
  const { database, keyring } = deps
  return keyring.exclusively(async () => {
    const dropped = await database.transaction((tx) => forgetKeys(deps, tx))
    if (dropped.length > 0) {
      const [primary, ...previous] = keyring.masters
      keyring.replace([primary, ...previous.filter(({ id }) => !dropped.includes(id))])
    }
    await tidySource(deps)
    return dropped
  })
}

async function forgetKeys({ clock }: RotationDeps, tx: SqlWriter): Promise<readonly string[]> {
  const counts = await countSealedRecords(tx)
  // A record that does not name its key may need any.
  if (counts.has(undefined)) return []
  const now = clock.now()
  const over = (await listMasterKeys(tx)).filter(
    ({ id, state, dropAfter }) =>
      state === 'previous' && dropAfter !== undefined && dropAfter <= now && !counts.has(id),
  )
  for (const { id } of over) await deleteMasterKey(tx, id)
  return over.map(({ id }) => id)
}

/** A key that is in no use goes from the source too, where that is the server's; a new first one waits for a rotation. */
async function tidySource({ source, keyring }: RotationDeps): Promise<void> {
  if (source.write === undefined) return
  const given = await readMasterKeys(source)
  if (given?.[0].id !== keyring.primaryId) return
  const isNeeded = (id: string): boolean => keyring.masters.some((key) => key.id === id)
  if (given.every(({ id }) => isNeeded(id))) return
  await writeKeys(source.write, keyring.masters)
}

/** What a rotation leaves to be done later, or a kill has left: the job that asks for it is idempotent. */
export async function finishRotations(
  deps: RotationDeps,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  for await (const _ of resealing(deps, options)) options.signal.throwIfAborted()
  await dropPreviousKeys(deps)
}

export const finishRotationsJob = 'finish-key-rotations'
