import { createHash } from 'node:crypto'
import { ArchiveError } from '../lib/archive/archive-error.ts'
import { readPlainTar, type PlainTarEntry } from '../lib/archive/plain-tar.ts'
import { mapConcurrent } from '../lib/map-concurrent.ts'
import { pagesOf } from '../lib/pages.ts'
import { readAll } from '../lib/read-all.ts'
import { algorithmOf, digestFromHash } from '../oci/digest.ts'
import { parseStorageKey, type BlobStore, type StorageKey } from '../storage/blobs/blob-store.ts'
import type { Database } from '../storage/database/database.ts'
import { findLiveBlobByKey, walkLiveBlobs, type Blob } from './linked-blob-store.ts'
import {
  backupNames,
  blobFolder,
  parseBackupEnd,
  parseBackupHead,
  parseDamaged,
  type BackupEnd,
  type BackupHead,
  type Parsed,
} from './rules/backup-format.ts'

/** The file is no whole backup, or not one that can be restored: told without a stack. */
export class BackupRefused extends Error {}

/** Where a backup goes; the names within it decide nothing but which of these is called. */
export interface BackupPlace {
  writeDatabase(bytes: AsyncIterable<Uint8Array>): Promise<void>
  writeMasterKey(content: string): Promise<void>
  writeCredentials(content: string): Promise<void>
  /** Once all of the above has been written; refuses when the keys are missing. */
  open(head: BackupHead): Promise<{ readonly database: Database; readonly blobs: BlobStore }>
}

export type UnpackEvent =
  | { readonly kind: 'head'; readonly head: BackupHead }
  | { readonly kind: 'unpacked'; readonly blobs: number; readonly bytes: number }

/** Digests of blobs that were damaged where the backup was taken. */
export type Unpacked = ReadonlySet<string>

const maxDocumentBytes = 64 * 1024
const syncPage = 500
const maxDamagedBytes = 32 * 1024 * 1024

/**
 * Unpacks a backup, in bounded memory: every byte is verified against the database that came before it, and what does not belong
 * to a backup is refused. BackupRefused when the file is not whole, damaged, or nothing of the kind.
 */
export async function* unpackBackup(
  input: {
    readonly source: AsyncIterable<Uint8Array>
    readonly place: BackupPlace
    readonly knownSchema: number
  },
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<UnpackEvent, Unpacked> {
  const entries = readPlainTar(input.source)
  const reader = new EntryReader(entries, signal)
  try {
    const json = await reader.document(backupNames.head)
    const head = accepted(parseBackupHead(json, input.knownSchema))
    yield { kind: 'head', head }
    const databaseSha256 = await unpackDatabase(reader, input.place, head)
    if (head.hasKeys) {
      await input.place.writeMasterKey(await reader.text(backupNames.masterKey))
      await input.place.writeCredentials(await reader.text(backupNames.credentials))
    }
    const store = await input.place.open(head)
    const blobs = yield* unpackBlobs(reader, store)
    const damaged = accepted(
      parseDamaged(await reader.document(backupNames.damaged, maxDamagedBytes)),
    )
    const end = accepted(parseBackupEnd(await reader.document(backupNames.end)))
    await reader.expectEnd()
    refuseOtherEnd(end, { ...blobs, databaseSha256, damaged: damaged.length })
    const listed = new Set(damaged)
    const unlisted = blobs.mismatched.find((digest) => !listed.has(digest))
    if (unlisted !== undefined) throw refusal(`its bytes of blob ${unlisted} are damaged`)
    await syncAll(store, signal)
    return listed
  } catch (error) {
    if (error instanceof ArchiveError) throw refusal(error.message, { cause: error })
    throw error
  } finally {
    await entries.return()
  }
}

async function unpackDatabase(
  reader: EntryReader,
  place: BackupPlace,
  head: BackupHead,
): Promise<string> {
  const entry = await reader.next(backupNames.database)
  if (entry.size !== head.databaseBytes)
    throw refusal('its database has another length than it says')
  const hash = createHash('sha256')
  await place.writeDatabase(passing(entry.bytes, (piece) => hash.update(piece)))
  return hash.digest('hex')
}

interface UnpackedBlobs {
  readonly blobs: number
  readonly blobBytes: number
  readonly mismatched: readonly string[]
}

async function* unpackBlobs(
  reader: EntryReader,
  store: { readonly database: Database; readonly blobs: BlobStore },
): AsyncGenerator<UnpackEvent, UnpackedBlobs> {
  const mismatched: string[] = []
  let [blobs, blobBytes] = [0, 0]
  for (;;) {
    const entry = await reader.nextBlob()
    if (entry === undefined) return { blobs, blobBytes, mismatched }
    const digest = await unpackBlob(entry, store)
    if (digest !== undefined) mismatched.push(digest)
    blobs += 1
    blobBytes += entry.size
    if (blobs % 100 === 0) yield { kind: 'unpacked', blobs, bytes: blobBytes }
  }
}

interface BlobEntry extends PlainTarEntry {
  readonly key: StorageKey
}

/** The digest, when the bytes do not have it. */
async function unpackBlob(
  { key, size, bytes }: BlobEntry,
  { database, blobs }: { readonly database: Database; readonly blobs: BlobStore },
): Promise<string | undefined> {
  const row = await findLiveBlobByKey(database, key)
  if (row?.size !== size) throw refusal(`its database knows no ${size} bytes under ${key}`)
  if ((await blobs.size(key)) !== undefined) throw refusal(`it has ${key} twice`)
  const algorithm = algorithmOf(row.digest)
  const hash = createHash(algorithm)
  await blobs.write(
    key,
    0,
    passing(bytes, (piece) => hash.update(piece)),
  )
  return digestFromHash(algorithm, hash) === row.digest ? undefined : row.digest
}

async function* passing(
  source: AsyncIterable<Uint8Array>,
  see: (piece: Uint8Array) => unknown,
): AsyncGenerator<Uint8Array, void> {
  for await (const piece of source) {
    see(piece)
    yield piece
  }
}

function refuseOtherEnd(
  end: BackupEnd,
  read: Omit<UnpackedBlobs, 'mismatched'> & {
    readonly databaseSha256: string
    readonly damaged: number
  },
): void {
  if (end.databaseSha256 !== read.databaseSha256) throw refusal('its database is damaged')
  const isSame =
    end.blobs === read.blobs && end.blobBytes === read.blobBytes && end.damaged === read.damaged
  if (!isSame) {
    throw refusal(`it says that it has ${end.blobs} blobs, and has ${read.blobs}`)
  }
}

/** All at the end and several at once: a disk makes many files durable in the time of one. */
async function syncAll(
  store: { readonly database: Database; readonly blobs: BlobStore },
  signal: AbortSignal,
): Promise<void> {
  const pages = pagesOf<Blob>(syncPage, (last) =>
    walkLiveBlobs(store.database, { after: last?.id ?? 0, limit: syncPage }),
  )
  for await (const page of pages) {
    await mapConcurrent(page, 16, async ({ storageKey }) => {
      signal.throwIfAborted()
      // A blob that was lost where the backup was taken has nothing to be made durable.
      if ((await store.blobs.size(storageKey)) !== undefined) await store.blobs.sync(storageKey)
    })
  }
}

/** The entries in the one order that a backup has. */
class EntryReader {
  readonly #entries: AsyncGenerator<PlainTarEntry, void>
  readonly #signal: AbortSignal
  #held: PlainTarEntry | undefined

  constructor(entries: AsyncGenerator<PlainTarEntry, void>, signal: AbortSignal) {
    this.#entries = entries
    this.#signal = signal
  }

  async next(name: string): Promise<PlainTarEntry> {
    const entry = await this.#take()
    if (entry?.name === name) return entry
    throw refusal(`it has ${shown(entry?.name)} where ${name} should be`)
  }

  /** Undefined, and kept for the next question, when the entry is no blob. */
  async nextBlob(): Promise<BlobEntry | undefined> {
    const entry = await this.#take()
    if (entry?.name.startsWith(blobFolder) !== true) {
      this.#held = entry
      return undefined
    }
    const key = parseStorageKey(entry.name.slice(blobFolder.length))
    if (key === undefined) throw refusal(`${shown(entry.name)} is no name of a blob`)
    return { ...entry, key }
  }

  async text(name: string, maxBytes = maxDocumentBytes): Promise<string> {
    const entry = await this.next(name)
    const content = entry.size > maxBytes ? undefined : await readAll(entry.bytes, maxBytes)
    if (content === undefined) throw refusal(`its ${name} is larger than ${maxBytes} bytes`)
    return content.toString()
  }

  async document(name: string, maxBytes = maxDocumentBytes): Promise<unknown> {
    const content = await this.text(name, maxBytes)
    try {
      const parsed: unknown = JSON.parse(content)
      return parsed
    } catch (cause) {
      throw refusal(`its ${name} is no JSON`, { cause })
    }
  }

  async expectEnd(): Promise<void> {
    const entry = await this.#take()
    if (entry !== undefined) throw refusal(`it has ${shown(entry.name)} behind its end`)
  }

  async #take(): Promise<PlainTarEntry | undefined> {
    this.#signal.throwIfAborted()
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return held
    const step = await this.#entries.next()
    return step.done === true ? undefined : step.value
  }
}

/** A name from a file could be anything. */
function shown(name: string | undefined): string {
  return name === undefined ? 'nothing' : JSON.stringify(name.slice(0, 100))
}

function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'parsed') return parsed.value
  throw refusal(parsed.reason)
}

function refusal(reason: string, options: { readonly cause?: unknown } = {}): BackupRefused {
  return new BackupRefused(`this backup cannot be restored: ${reason}`, options)
}
