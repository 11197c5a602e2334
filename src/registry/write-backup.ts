import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { plainTarHeader, tarEnd, tarPadding } from '../lib/archive/plain-tar.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { pagesOf } from '../lib/pages.ts'
import { algorithmOf, digestFromHash } from '../oci/digest.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { Database, EmbeddedDatabase } from '../storage/database/database.ts'
import { countLiveBlobs, pruneCopy, readSchemaVersion } from './backup-store.ts'
import {
  deleteDeletionPause,
  insertDeletionPause,
  renewDeletionPause,
} from './deletion-pause-store.ts'
import { walkLiveBlobs, type Blob } from './linked-blob-store.ts'
import {
  backupFormat,
  backupNames,
  blobFolder,
  type BackupEnd,
  type BackupHead,
} from './rules/backup-format.ts'

/** A backup that was killed keeps bytes from going for so long. */
const pauseMs = 3_600_000
const pageSize = 500
/** More of them, and the store is to be mended first. */
const maxDamaged = 100_000

export interface BackupDeps {
  readonly database: EmbeddedDatabase
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly openDatabase: (file: string) => Database
  /** Where the database is copied to while the backup runs. */
  readonly temporaryDirectory: string
  readonly programVersion: string
  /** Contents of the files without which a restored registry opens for nobody. */
  readonly readKeys: () => Promise<StoredKeys>
}

interface StoredKeys {
  /** One key a line; empty where the key is kept elsewhere and so no part of a backup. */
  readonly masterKey: string
  readonly credentials: string
}

/**
 * A backup as the pieces of a tar, beside everything else. The order makes it whole: no bytes go from now on; the database as it
 * is at one moment; then the bytes of exactly the rows in that copy, which so are all still there. Open uploads are not part of it.
 */
export async function* writingBackup(
  deps: BackupDeps,
  input: { readonly withKeys: boolean },
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  const pause = await beginPause(deps)
  const file = join(deps.temporaryDirectory, `backup-${pause.id}.db`)
  try {
    // A rotation may change the key between the copy and the bytes: what was there before it opens the copy too.
    const keysBefore = input.withKeys ? await deps.readKeys() : undefined
    await deps.database.copyTo(file, { signal })
    const createdAt = deps.clock.now()
    await pruneFile(deps, file)
    const copy = deps.openDatabase(file)
    try {
      yield* writeArchive({ deps, copy, file, createdAt, pause, signal }, keysBefore)
    } finally {
      await copy.close()
    }
  } finally {
    for (const end of ['', '-wal', '-shm']) await rm(file + end, { force: true })
    await deps.database.transaction((tx) => deleteDeletionPause(tx, pause.id))
  }
}

async function pruneFile(deps: BackupDeps, file: string): Promise<void> {
  const copy = deps.openDatabase(file)
  try {
    await copy.transaction(pruneCopy)
  } finally {
    // Closing brings everything into the one file.
    await copy.close()
  }
}

interface Pause {
  readonly id: string
  /** To be called before each piece. */
  keep(): Promise<void>
}

async function beginPause({ database, clock, ids }: BackupDeps): Promise<Pause> {
  const id = ids.uuid()
  const endsAt = (): Date => new Date(clock.now().getTime() + pauseMs)
  await database.transaction((tx) =>
    insertDeletionPause(tx, { id, reason: 'backup', endsAt: endsAt() }, clock.now()),
  )
  let renewAt = clock.now().getTime() + pauseMs / 4
  return {
    id,
    async keep() {
      if (clock.now().getTime() < renewAt) return
      const isKept = await database.transaction((tx) =>
        renewDeletionPause(tx, id, endsAt(), clock.now()),
      )
      if (!isKept) throw new Error('the backup stood still for an hour: bytes may have gone')
      renewAt = clock.now().getTime() + pauseMs / 4
    },
  }
}

interface Running {
  readonly deps: BackupDeps
  readonly copy: Database
  readonly file: string
  readonly createdAt: Date
  readonly pause: Pause
  readonly signal: AbortSignal
}

async function* writeArchive(
  running: Running,
  keysBefore: StoredKeys | undefined,
): AsyncGenerator<Uint8Array, void> {
  const { deps, copy, file } = running
  const { blobs, bytes: blobBytes } = await countLiveBlobs(copy)
  const head: BackupHead = {
    format: backupFormat,
    program: deps.programVersion,
    schemaVersion: await readSchemaVersion(copy),
    createdAt: running.createdAt.toISOString(),
    databaseBytes: (await stat(file)).size,
    blobs,
    blobBytes,
    hasKeys: keysBefore !== undefined,
  }
  yield* document(backupNames.head, head)
  const databaseSha256 = yield* writeDatabase(running, head.databaseBytes)
  if (keysBefore !== undefined) {
    const { masterKey, credentials } = await deps.readKeys()
    yield* small(backupNames.masterKey, Buffer.from(linesOfBoth(masterKey, keysBefore.masterKey)))
    yield* small(backupNames.credentials, Buffer.from(credentials))
  }
  const written = yield* writeBlobs(running)
  yield* document(backupNames.damaged, written.damaged)
  const end: BackupEnd = {
    blobs: written.blobs,
    blobBytes: written.bytes,
    databaseSha256,
    damaged: written.damaged.length,
  }
  yield* document(backupNames.end, end)
  yield tarEnd()
}

/** Those of the first, then what the second has besides. */
function linesOfBoth(first: string, second: string): string {
  const lines = [first, second].flatMap((text) => text.split('\n').filter((line) => line !== ''))
  return [...new Set(lines)].map((line) => `${line}\n`).join('')
}

function* document(name: string, value: unknown): Generator<Uint8Array, void> {
  yield* small(name, Buffer.from(`${JSON.stringify(value)}\n`))
}

function* small(name: string, content: Buffer): Generator<Uint8Array, void> {
  yield plainTarHeader(name, content.byteLength)
  yield content
  yield tarPadding(content.byteLength)
}

async function* writeDatabase(
  { file, pause, signal }: Running,
  size: number,
): AsyncGenerator<Uint8Array, string> {
  yield plainTarHeader(backupNames.database, size)
  const hash = createHash('sha256')
  let sent = 0
  const stored: AsyncIterable<Uint8Array> = createReadStream(file, { highWaterMark: 256 * 1024 })
  for await (const piece of stored) {
    signal.throwIfAborted()
    await pause.keep()
    hash.update(piece)
    sent += piece.byteLength
    yield piece
  }
  if (sent !== size) throw new Error(`the copy of the database has ${sent} bytes, not ${size}`)
  yield tarPadding(size)
  return hash.digest('hex')
}

interface Written {
  readonly blobs: number
  readonly bytes: number
  readonly damaged: readonly string[]
}

async function* writeBlobs(running: Running): AsyncGenerator<Uint8Array, Written> {
  const damaged: string[] = []
  let [blobs, bytes] = [0, 0]
  const pages = pagesOf<Blob>(pageSize, (last) =>
    walkLiveBlobs(running.copy, { after: last?.id ?? 0, limit: pageSize }),
  )
  for await (const page of pages) {
    for (const blob of page) {
      const outcome = yield* writeBlob(running, blob)
      if (outcome !== 'absent') {
        blobs += 1
        bytes += blob.size
      }
      if (outcome !== 'sound') damaged.push(blob.digest)
      if (damaged.length > maxDamaged) {
        throw new Error(`more than ${maxDamaged} blobs are damaged: pratique fsck --repair`)
      }
    }
  }
  return { blobs, bytes, damaged }
}

/** One damaged blob must not cost the backup of all others: it is named in the archive. */
async function* writeBlob(
  running: Running,
  blob: Blob,
): AsyncGenerator<Uint8Array, 'sound' | 'damaged' | 'absent'> {
  const { blobs } = running.deps
  const size = await blobs.size(blob.storageKey).catch(() => undefined)
  if (size !== blob.size) return 'absent'
  yield plainTarHeader(blobFolder + blob.storageKey, size)
  const algorithm = algorithmOf(blob.digest)
  const hash = createHash(algorithm)
  let sent = 0
  for await (const piece of readUpTo(running, blob)) {
    hash.update(piece)
    sent += piece.byteLength
    yield piece
  }
  // A header that was sent promises that many bytes, whatever the disk says now.
  for (; sent < size; sent += Math.min(size - sent, 65_536)) {
    yield Buffer.alloc(Math.min(size - sent, 65_536))
  }
  yield tarPadding(size)
  return digestFromHash(algorithm, hash) === blob.digest ? 'sound' : 'damaged'
}

/** The blob's bytes; fewer when they cannot be read. */
async function* readUpTo(
  { deps, pause, signal }: Running,
  { storageKey, size }: Blob,
): AsyncGenerator<Uint8Array, void> {
  if (size === 0) return
  const stored = await deps.blobs.open(storageKey).catch(() => undefined)
  if (stored === undefined) return
  try {
    for (let at = 0; at < size;) {
      signal.throwIfAborted()
      await pause.keep()
      // A piece of its own: what was sent before may still wait to be written to a socket.
      const piece = Buffer.allocUnsafeSlow(Math.min(size - at, 256 * 1024))
      const read = await stored.read(piece, at).catch(() => 0)
      if (read === 0) return
      yield piece.subarray(0, read)
      at += read
    }
  } finally {
    await stored.close()
  }
}
