import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { Secret } from '../lib/secret.ts'
import type { Database } from '../storage/database/database.ts'
import {
  MasterKeySourceError,
  type MasterKeySource,
} from '../storage/master-key/master-key-source.ts'
import { refreshLifetimeMs } from './bearer-token.ts'
import { Keyring } from './keyring.ts'
import { masterKeyError } from './master-key-errors.ts'
import {
  deleteMasterKey,
  keepMasterKey,
  listMasterKeys,
  makePrimary,
  type KnownMasterKey,
} from './master-key-store.ts'
import { planSuccession } from './rules/key-succession.ts'
import {
  formatMasterKeys,
  masterKeyOf,
  parseMasterKeys,
  type MasterKey,
  type MasterKeys,
} from './rules/master-keys.ts'
import { openSecret } from './rules/seal-secret.ts'
import { deriveKey, openSealed, seal } from './rules/seal.ts'
import { countSealedRecords, findUnnamedRecord } from './sealed-record-store.ts'

export interface MasterKeyDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly source: MasterKeySource
}

const checkText = Buffer.from('pratique')

/**
 * The master keys of this database from their source; at the first start one is made, where the source is the server's. A key that
 * is new becomes the primary, and a rotation that was cut goes on from there. MASTER_KEY_ABSENT when the database was sealed under
 * a key that the source does not give, MASTER_KEY_UNREADABLE when it gives none.
 */
export async function openKeyring(deps: MasterKeyDeps): Promise<Keyring> {
  const given = (await readMasterKeys(deps.source)) ?? (await makeFirstKey(deps))
  return new Keyring(await admitMasterKeys(deps, given))
}

/** Undefined when the source holds nothing yet. */
export async function readMasterKeys(source: MasterKeySource): Promise<MasterKeys | undefined> {
  const text = await readSource(source)
  if (text === undefined) return undefined
  const keys = parseMasterKeys(text.reveal())
  if (keys !== undefined) return keys
  const message = `${source.name} holds no master key: 32 bytes in base64 or hexadecimal, one key a line`
  throw masterKeyError('MASTER_KEY_UNREADABLE', message)
}

async function readSource(source: MasterKeySource): Promise<Secret | undefined> {
  try {
    return await source.read()
  } catch (error) {
    if (!(error instanceof MasterKeySourceError)) throw error
    throw masterKeyError('MASTER_KEY_UNREADABLE', error.message, { cause: error })
  }
}

/** Never for a database that was sealed before: a fresh key would open nothing of it. */
async function makeFirstKey({ database, ids, source }: MasterKeyDeps): Promise<MasterKeys> {
  const [known] = await listMasterKeys(database)
  if (known !== undefined || (await findUnnamedRecord(database)) !== undefined) {
    const which = known === undefined ? '' : `, key ${known.id}`
    const message = `there is no master key ${source.name}, and the database is sealed${which}: put the file back`
    throw masterKeyError('MASTER_KEY_ABSENT', message)
  }
  if (source.write === undefined) {
    throw masterKeyError('MASTER_KEY_UNREADABLE', `${source.name} gives no master key`)
  }
  const made = masterKeyOf(ids.bytes(32))
  await source.write(new Secret(formatMasterKeys([made])))
  return [made]
}

/**
 * Brings what the database knows of its master keys to what is given, and returns those in use. The source holds them durably
 * before; nothing is sealed under a new one until this has committed.
 */
export async function admitMasterKeys(
  { database, clock, ids }: Omit<MasterKeyDeps, 'source'>,
  given: MasterKeys,
): Promise<MasterKeys> {
  return database.transaction(async (tx) => {
    const known = await listMasterKeys(tx)
    if (known.length === 0) requireOpening(given, await findUnnamedRecord(tx))
    const needed = new Set([...(await countSealedRecords(tx)).keys()].map((id) => id ?? ''))
    const [first, ...others] = given
    const plan = planSuccession([first.id, ...others.map(({ id }) => id)], known, needed)
    if (plan.kind === 'absent') throw absent(plan.id, given)
    requireChecked(given, known)
    const now = clock.now()
    for (const id of plan.forgotten) await deleteMasterKey(tx, id)
    const inUse = others.filter(({ id }) => plan.ids.includes(id))
    for (const key of [first, ...inUse]) {
      if (known.some(({ id }) => id === key.id)) continue
      await keepMasterKey(tx, { id: key.id, checkValue: checkValueOf(key, ids) }, now)
    }
    const dropAfter = new Date(now.getTime() + refreshLifetimeMs)
    if (plan.isNew) await makePrimary(tx, first.id, dropAfter)
    return [first, ...inUse]
  })
}

function checkValueOf({ id, key }: MasterKey, ids: Ids): Buffer {
  return seal(deriveKey(key, 'key-check'), ids.bytes(12), checkText, id)
}

function absent(id: string, given: MasterKeys): Error {
  const names = given.map((key) => key.id).join(', ')
  const message = `the database is sealed under another master key, ${id}; given was ${names}`
  return masterKeyError('MASTER_KEY_ABSENT', message)
}

/** A database of the time before keys had names says by its records whose it is. */
function requireOpening(
  given: MasterKeys,
  record: Awaited<ReturnType<typeof findUnnamedRecord>>,
): void {
  if (record === undefined) return
  const { table, id: row, purpose, secret } = record
  const opens = given.some(
    ({ key }) => openSecret(deriveKey(key, purpose), { table, row }, secret) !== undefined,
  )
  if (!opens) throw absent('of an earlier start', given)
}

/** An id is derived from its key, so this fails for a row that was damaged or forged. */
function requireChecked(given: MasterKeys, known: readonly KnownMasterKey[]): void {
  for (const { id, key } of given) {
    const row = known.find((each) => each.id === id)
    if (row === undefined) continue
    const opened = openSealed(deriveKey(key, 'key-check'), row.checkValue, id)
    if (opened?.equals(checkText) === true) continue
    const message = `the database's record of master key ${id} is damaged: restore a backup`
    throw masterKeyError('MASTER_KEY_ABSENT', message)
  }
}
