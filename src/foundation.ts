// What a server stands on: the data directory, its lock, the master key, the database and the blobs.
import type { KeyObject } from 'node:crypto'
import { createAdministrator } from './access/create-administrator.ts'
import type { Keyring } from './access/keyring.ts'
import { isMasterKeyError, masterKeyErrors } from './access/master-key-errors.ts'
import { openKeyring, type MasterKeyDeps } from './access/open-keyring.ts'
import { storedKey } from './access/stored-key.ts'
import { openPackedSegments, type PackedSegments } from './audit/packed-segments.ts'
import type { Config } from './config.ts'
import { releaseAllLeases } from './jobs/queue.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { systemIds, type Ids } from './lib/ids.ts'
import { releaseAllUploads } from './registry/upload-store.ts'
import type { BlobStore } from './storage/blobs/blob-store.ts'
import { openFilesystemBlobs } from './storage/blobs/filesystem.ts'
import { withFreeSpaceFloor } from './storage/blobs/free-space-floor.ts'
import {
  dataPaths,
  lockDirectory,
  prepareDirectories,
  readIfThere,
  writePrivately,
  type DataPaths,
} from './storage/data-directory.ts'
import type { EmbeddedDatabase } from './storage/database/database.ts'
import { migrate, SchemaTooNewError } from './storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from './storage/database/sqlite.ts'
import { openKeyCommand } from './storage/master-key/command.ts'
import { givenKeys } from './storage/master-key/environment.ts'
import { openKeyFile } from './storage/master-key/file.ts'
import type { MasterKeySource } from './storage/master-key/master-key-source.ts'
import { openFilesystemSegments } from './storage/segments/filesystem.ts'
import type { SegmentStore } from './storage/segments/segment-store.ts'
import { isStorageFault, nameStorageFault, StorageFullError } from './storage/storage-full.ts'

/** A setting or a state of the machine that a person must mend; told without a stack. */
export class StartError extends Error {}

/** What the server takes from the machine; a test may hand in others, which fail or stop when it says so. */
export interface Drivers {
  readonly clock: Clock
  readonly ids: Ids
  readonly openDatabase: (file: string) => EmbeddedDatabase
  readonly openBlobs: (root: string) => BlobStore
  readonly openSegments: (directory: string) => SegmentStore
  readonly openKeyFile: (path: string) => MasterKeySource
}

export const systemDrivers: Drivers = {
  clock: systemClock,
  ids: systemIds,
  openDatabase: openSqlite,
  openBlobs: openFilesystemBlobs,
  openSegments: openFilesystemSegments,
  openKeyFile,
}

export interface Foundation {
  readonly paths: DataPaths
  readonly database: EmbeddedDatabase
  readonly blobs: BlobStore
  /** Of the audit log. */
  readonly segments: PackedSegments
  readonly clock: Clock
  readonly ids: Ids
  readonly keyring: Keyring
  readonly source: MasterKeySource
  /** Whether the master key lies in the data directory itself. */
  readonly hasOwnKey: boolean
  /** Of a life of its own: what was sealed before a rotation of the master key is verified after it. */
  readonly auditKey: KeyObject
  readonly isFirstStart: boolean
  close(): Promise<void>
}

export async function openFoundation(config: Config, drivers: Drivers): Promise<Foundation> {
  const { clock, ids } = drivers
  const paths = dataPaths(config.dataDirectory)
  await prepareDirectoriesOrSay(paths)
  const lock = lockDirectory(paths)
  if (lock === undefined) throw new StartError(await whoHasLock(paths))
  try {
    const database = await openDatabase(drivers, paths)
    const source = masterKeySourceOf(config, drivers, paths)
    const keyring = await openKeyringOrSay({ database, clock, ids, source })
    const made = await createAdministrator(
      { database, clock, ids, accessKeyKey: keyring.keysOf('access-key') },
      { account: config.account, deliver: (key) => writeCredentials(paths, config, key) },
    )
    const auditKey = await storedKey({ database, clock, ids, keyring }, 'audit')
    await releaseLeases(database)
    const close = async (): Promise<void> => {
      await database.close()
      lock.release()
    }
    const floor = config.minFreeBytes
    const blobs = withFreeSpaceFloor(drivers.openBlobs(paths.blobs), { floor, clock })
    return {
      paths,
      database,
      blobs,
      segments: openPackedSegments(drivers.openSegments(paths.audit)),
      clock,
      ids,
      keyring,
      source,
      hasOwnKey: config.masterKey.kind === 'file' && config.masterKey.path === undefined,
      auditKey,
      isFirstStart: made === 'created',
      close,
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Opened and of the newest schema. */
async function openDatabase(drivers: Drivers, paths: DataPaths): Promise<EmbeddedDatabase> {
  let database: EmbeddedDatabase | undefined
  try {
    database = drivers.openDatabase(paths.database)
    await migrate(database, sqliteDialect)
    return database
  } catch (cause) {
    await database?.close()
    if (cause instanceof SchemaTooNewError) throw new StartError(cause.message, { cause })
    if (!isDamaged(cause)) throw cause
    const message = `the database ${paths.database} is damaged: put the directory aside and restore a backup: pratique restore FILE DIRECTORY`
    throw new StartError(message, { cause })
  }
}

/** Longer than a key store needs to answer, shorter than whoever waits for a start. */
const keyCommandTimeoutMs = 15_000

function masterKeySourceOf(
  { masterKey }: Config,
  drivers: Drivers,
  paths: DataPaths,
): MasterKeySource {
  switch (masterKey.kind) {
    case 'file':
      return drivers.openKeyFile(masterKey.path ?? paths.masterKey)
    case 'environment':
      return givenKeys(masterKey.primary, masterKey.previous)
    case 'command':
      return openKeyCommand({ ...masterKey, timeoutMs: keyCommandTimeoutMs })
  }
}

async function openKeyringOrSay(deps: MasterKeyDeps): Promise<Keyring> {
  try {
    return await openKeyring(deps)
  } catch (error) {
    await deps.database.close()
    if (!isMasterKeyError(error)) throw error
    const { remedy } = masterKeyErrors[error.code]
    throw new StartError(`${error.message}. ${remedy}`, { cause: error })
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, with or without their extensions. */
function isDamaged(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' && [11, 26].includes(code & 0xff)
}

/** A full disk must not keep the server from answering pulls: leases that stay end with their time. */
async function releaseLeases(database: EmbeddedDatabase): Promise<void> {
  try {
    await database.transaction(async (tx) => {
      await releaseAllLeases(tx)
      await releaseAllUploads(tx)
    })
  } catch (error) {
    if (!isStorageFault(error)) throw error
  }
}

/** What a person can do about a start that failed for the disk's sake; other errors as they are. */
export function asStartError(config: Config, error: unknown): unknown {
  const fault = nameStorageFault(error)
  if (!(fault instanceof Error) || !isStorageFault(fault)) return error
  const cause = fault.cause instanceof Error ? ` (${fault.cause.message})` : ''
  const message =
    fault instanceof StorageFullError
      ? `the disk that holds ${config.dataDirectory} is full: free space there and start again`
      : `the disk that holds ${config.dataDirectory} fails${cause}: mend it, or restore a backup elsewhere, and start again`
  return new StartError(message, { cause: error })
}

async function prepareDirectoriesOrSay(paths: DataPaths): Promise<void> {
  try {
    await prepareDirectories(paths)
  } catch (cause) {
    if (isStorageFault(nameStorageFault(cause))) throw cause
    const why = cause instanceof Error ? cause.message : 'unknown'
    const message = `the data directory ${paths.root} cannot be used: ${why}; set PRATIQUE_DATA to a directory that this user can write`
    throw new StartError(message, { cause })
  }
}

async function whoHasLock(paths: DataPaths): Promise<string> {
  const server = await readIfThere(paths.server)
  const known: unknown = server === undefined ? {} : JSON.parse(server)
  const by = typeof known === 'object' && known !== null && 'url' in known && 'pid' in known
  const who = by ? ` (process ${String(known.pid)}, ${String(known.url)})` : ''
  return `another server is using ${paths.root}${who}: stop it, or give this one a directory of its own with PRATIQUE_DATA`
}

async function writeCredentials(
  paths: DataPaths,
  config: Config,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const lines = [
    '[default]',
    `aws_access_key_id = ${key.accessKeyId}`,
    `aws_secret_access_key = ${key.secretAccessKey}`,
    `region = ${config.region}`,
  ]
  await writePrivately(paths.credentials, `${lines.join('\n')}\n`)
}
