// What the program does with a data directory that no server uses: make it, check it, or make it from a backup.
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { readAnchor } from './audit/rules/notices.ts'
import { verifyFiles, verifyLog, type LogFile, type VerifyEvent } from './audit/verify-log.ts'
import { auditKeyOf } from './auditing.ts'
import type { Config } from './config.ts'
import { openFoundation, systemDrivers, StartError, type Foundation } from './foundation.ts'
import { decodeZstd } from './lib/archive/zstd-frames.ts'
import { checkingStorage, type CheckEvent, type CheckSummary } from './registry/check-storage.ts'
import type { CheckInput, CheckOptions } from './registry/check-step.ts'
import {
  BackupRefused,
  unpackBackup,
  type BackupPlace,
  type UnpackEvent,
} from './registry/read-backup.ts'
import { findDisproof } from './registry/rules/restore-proof.ts'
import type { StorageProblem } from './registry/rules/storage-problems.ts'
import {
  dataPaths,
  lockDirectory,
  placeDirectory,
  writePrivately,
  writeStreamPrivately,
  type DataPaths,
} from './storage/data-directory.ts'
import { knownSchemaVersion } from './storage/database/migrate.ts'

/** Makes data directory, keys and credentials without serving. */
export async function initialise(
  config: Config,
): Promise<{ readonly paths: DataPaths; readonly isFirstStart: boolean }> {
  const foundation = await openFoundation(config, systemDrivers)
  await foundation.close()
  const { paths, isFirstStart } = foundation
  return { paths, isFirstStart }
}

/** As `pratique fsck` of a running server; the directory is opened as a start opens it, schema included. */
export async function* checkDirectory(
  config: Config,
  input: CheckInput,
  options: CheckOptions,
): AsyncGenerator<CheckEvent, void> {
  await requireRegistry(dataPaths(config.dataDirectory))
  const foundation = await openFoundation(config, systemDrivers)
  try {
    yield* checkingStorage(foundation, input, options)
  } finally {
    await foundation.close()
  }
}

/** What of the audit log is verified without a server. */
export interface OfflineAuditInput {
  /** Exports or segments, in their order, whose chain is verified without a key; the data directory's own log where there is none. */
  readonly files: readonly LogFile[]
  /** What `pratique audit-log anchor` printed. */
  readonly anchor: string | undefined
}

/** As `pratique audit-log verify` of a running server; the directory is opened as a start opens it. */
export async function* verifyAuditLogOffline(
  config: Config,
  { files, anchor: text }: OfflineAuditInput,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<VerifyEvent, void> {
  const anchor = text === undefined ? undefined : readAnchor(text)
  if (text !== undefined && anchor === undefined) {
    throw new StartError('the anchor is not what pratique audit-log anchor prints')
  }
  if (files.length > 0) {
    const known = { key: undefined, anchor, head: undefined, mayBeginAnywhere: true }
    return yield* verifyFiles(known, inOrder(files), options)
  }
  await requireRegistry(dataPaths(config.dataDirectory))
  const foundation = await openFoundation(config, systemDrivers)
  try {
    const deps = { segments: foundation.segments, key: auditKeyOf(foundation) }
    yield* verifyLog(deps, { position: undefined, anchor }, options)
  } finally {
    await foundation.close()
  }
}

/** Segments of a log may be given as they are stored. */
async function* inOrder(files: readonly LogFile[]): AsyncGenerator<LogFile, void> {
  for (const { name, pieces } of files) {
    const isPacked = name.endsWith('.zst')
    yield Promise.resolve({ name, pieces: isPacked ? decompressed(name, pieces) : pieces })
  }
}

async function* decompressed(
  name: string,
  pieces: LogFile['pieces'],
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* decodeZstd(pieces, { chunkSize: 256 * 1024 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown'
    throw new StartError(`${name} cannot be decompressed, so it is not whole: ${why}`, { cause })
  }
}

/** StartError for a directory without a database: none is made in passing. */
export async function requireRegistry({ root, database }: DataPaths): Promise<void> {
  if ((await kindOf(database)) === 'file') return
  throw new StartError(`${root} holds no registry: there is no ${basename(database)}`)
}

export interface RestoreInput {
  readonly source: AsyncIterable<Uint8Array>
  /** Absent or empty. */
  readonly directory: string
  /** For a backup without keys: the content of the former directory's master.key. */
  readonly masterKey: string | undefined
}

export type RestoreEvent =
  | UnpackEvent
  | CheckEvent
  | {
      readonly kind: 'restored'
      readonly directory: string
      /** Whether the administrator's key came along. */
      readonly hasCredentials: boolean
    }

/**
 * Makes a data directory from a backup: built beside its final place, checked with hashes, and only then given its name. What a
 * killed restore left is removed by the next one. StartError when the place is taken or the backup is not whole.
 */
export async function* restoreDirectory(
  config: Config,
  input: RestoreInput,
  options: CheckOptions,
): AsyncGenerator<RestoreEvent, void> {
  const target = resolve(input.directory)
  const staging = `${target}.restoring`
  await requireEmpty(target)
  await clearStaging(staging)
  await mkdir(staging, { recursive: true, mode: 0o700 })
  const lock = lockStaging(staging)
  let isPlaced = false
  try {
    yield* restoreInto({ ...config, dataDirectory: staging }, input, options)
    lock.release()
    await rm(lockFile(staging))
    await placeDirectory(staging, target)
    isPlaced = true
  } catch (error) {
    throw error instanceof BackupRefused ? new StartError(error.message, { cause: error }) : error
  } finally {
    lock.release()
    if (!isPlaced) await rm(staging, { recursive: true, force: true })
  }
  const hasCredentials = (await kindOf(dataPaths(target).credentials)) === 'file'
  yield { kind: 'restored', directory: target, hasCredentials }
}

async function* restoreInto(
  config: Config,
  input: RestoreInput,
  options: CheckOptions,
): AsyncGenerator<RestoreEvent, void> {
  const opened: { foundation?: Foundation } = {}
  const paths = dataPaths(config.dataDirectory)
  let hasOwnKey = false
  const place: BackupPlace = {
    writeDatabase: (bytes) => writeStreamPrivately(paths.database, bytes),
    async writeMasterKey(content) {
      hasOwnKey = content !== ''
      if (hasOwnKey) await writePrivately(paths.masterKey, content)
    },
    writeCredentials: (content) => writePrivately(paths.credentials, content),
    async open({ hasKeys }) {
      const key = await placeMasterKey(paths, config, {
        hasKeys,
        hasOwnKey,
        given: input.masterKey,
      })
      opened.foundation = await openFoundation({ ...config, masterKey: key }, systemDrivers)
      return opened.foundation
    },
  }
  try {
    const knownSchema = await knownSchemaVersion()
    const unpacking = unpackBackup({ source: input.source, place, knownSchema }, options)
    const damagedBefore = yield* unpacking
    if (opened.foundation === undefined) throw new Error('a backup was read and nothing opened')
    yield* prove(opened.foundation, damagedBefore, options)
  } finally {
    await opened.foundation?.close()
  }
}

/**
 * Where the restored database finds its key: in the directory, if the backup or the caller gave it, or where the settings say.
 * A fresh key would open none of the secrets that the database keeps.
 */
async function placeMasterKey(
  paths: DataPaths,
  { masterKey }: Config,
  key: {
    readonly hasKeys: boolean
    readonly hasOwnKey: boolean
    readonly given: string | undefined
  },
): Promise<Config['masterKey']> {
  const own = { kind: 'file', path: undefined } as const
  if (key.hasOwnKey) return own
  if (key.given !== undefined) {
    await writePrivately(paths.masterKey, `${key.given.trim()}\n`)
    return own
  }
  if (masterKey.kind !== 'file' || masterKey.path !== undefined) return masterKey
  throw new StartError(
    key.hasKeys
      ? 'this backup has no master key, since it was kept apart from the data: set PRATIQUE_MASTER_KEY_FILE or its kin as there, or give the key with --master-key FILE'
      : 'this backup holds no keys: give the former master.key with --master-key FILE, else nobody could sign in',
  )
}

/** Blobs that were damaged before are marked, so that clients push them again; any other fault of bytes is ours. */
async function* prove(
  foundation: Foundation,
  damagedBefore: ReadonlySet<string>,
  options: CheckOptions,
): AsyncGenerator<CheckEvent, void> {
  const problems: StorageProblem[] = []
  let summary: CheckSummary | undefined
  const input = { hashes: true, repair: damagedBefore.size > 0 }
  for await (const event of checkingStorage(foundation, input, options)) {
    if (event.kind === 'problem') problems.push(event.problem)
    if (event.kind === 'summary') summary = event
    const disproof = findDisproof(problems, damagedBefore)
    if (disproof !== undefined) {
      const { kind, subject, detail } = disproof
      throw new StartError(`what was restored is not whole: ${kind} ${subject}: ${detail}`)
    }
    yield event
  }
  if (summary?.isComplete !== true) throw new StartError('what was restored could not be checked')
}

async function requireEmpty(target: string): Promise<void> {
  const kind = await kindOf(target)
  if (kind === 'absent') return mkdirParent(target)
  if (kind !== 'directory') throw new StartError(`${target} is no directory`)
  if ((await readdir(target)).length > 0) {
    throw new StartError(
      `${target} is not empty: give a directory that is empty or not there; nothing was changed`,
    )
  }
  const [own, parent] = await Promise.all([stat(target), stat(dirname(target))])
  if (own.dev !== parent.dev) {
    throw new StartError(`${target} is a mount point: restore into a directory below it`)
  }
}

async function mkdirParent(target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
}

function lockFile(staging: string): string {
  return join(staging, 'restoring.db')
}

function lockStaging(staging: string): { release(): void } {
  const lock = lockDirectory({ lock: lockFile(staging) })
  if (lock !== undefined) return lock
  throw new StartError(`another restore writes to ${staging}: wait for it to end`)
}

/** What a killed restore left goes; one that is under way keeps its place, and so does what is none of ours. */
async function clearStaging(staging: string): Promise<void> {
  if ((await kindOf(staging)) === 'absent') return
  const isOurs = (await kindOf(lockFile(staging))) === 'file'
  if (!isOurs && (await readdir(staging)).length > 0) {
    throw new StartError(`${staging} is in the way: it is not what a restore leaves; move it`)
  }
  if (isOurs) lockStaging(staging).release()
  await rm(staging, { recursive: true, force: true })
}

async function kindOf(path: string): Promise<'absent' | 'directory' | 'file'> {
  const stats = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (stats === undefined) return 'absent'
  return stats.isDirectory() ? 'directory' : 'file'
}
