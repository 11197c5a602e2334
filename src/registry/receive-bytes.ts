import { createHash, type Hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { DigestAlgorithm } from '../oci/digest.ts'
import type { BlobStore, StorageKey } from '../storage/blobs/blob-store.ts'
import type { Database } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import type { LiveHashes } from './live-hashes.ts'
import type { ByteLimit } from './quotas.ts'
import { leaseUpload, releaseUpload, renewUploadLease, type Upload } from './upload-store.ts'

/** ECR's quota for a layer, 52,000 MiB; larger blobs are refused while they arrive. */
export const maxBlobBytes = 52_000 * 1024 * 1024
/** A writer that says nothing for so long has lost the upload to the next request. */
const leaseMs = 10 * 60_000

export interface UploadDeps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly hashes: LiveHashes
}

/** A request body. `keepPartial`: what arrived before a break counts (a stream), or does not (a numbered chunk). */
export interface Body {
  readonly source: AsyncIterable<Uint8Array>
  readonly expectedBytes?: number
  /** What the client says it will send, where it says so without having to. */
  readonly announcedBytes?: number
  readonly keepPartial: boolean
}

export interface Received {
  /** Bytes of the whole upload now. */
  readonly size: number
  /** Over all of them, in the upload's algorithm. */
  readonly hash: Hash
  /** Set when the body broke off and what came before counts. */
  readonly interruption?: unknown
}

/** Runs `work` as the only writer of the upload. */
export async function withUploadLease<T>(
  deps: UploadDeps,
  upload: Upload,
  work: (holder: string) => Promise<T>,
): Promise<T> {
  const holder = deps.ids.uuid()
  const now = deps.clock.now()
  const until = new Date(now.getTime() + leaseMs)
  const held = await deps.database.transaction((tx) =>
    leaseUpload(tx, upload.id, { holder, now, until }),
  )
  if (!held) throw uploadBusy(upload)
  try {
    return await work(holder)
  } catch (error) {
    await deps.database.transaction((tx) => releaseUpload(tx, upload.id, holder))
    throw error
  }
}

/** Writes the body behind what the upload has, hashing as it arrives; memory is one store write. */
export async function receiveBytes(
  deps: UploadDeps,
  upload: Upload,
  holder: string,
  body: Body,
  limit?: ByteLimit,
): Promise<Received> {
  const hash =
    deps.hashes.take(upload.id, upload.size) ??
    (await hashStored(deps.blobs, upload.storageKey, upload.size, upload.algorithm))
  const arrival = new Arrival(deps, upload, holder, body, hash, limit)
  try {
    const size = await deps.blobs.write(upload.storageKey, upload.size, arrival.bytes())
    return { size, hash, ...arrival.outcome() }
  } catch (error) {
    throw storageError(error)
  }
}

/** The hash over the first `size` stored bytes: after a restart, or in another algorithm. */
export async function hashStored(
  blobs: BlobStore,
  key: StorageKey,
  size: number,
  algorithm: DigestAlgorithm,
): Promise<Hash> {
  const hash = createHash(algorithm)
  if (size === 0) return hash
  const stored: AsyncIterable<Uint8Array> = await blobs.read(key, { start: 0, end: size - 1 })
  for await (const piece of stored) hash.update(piece)
  return hash
}

export function uploadBusy(upload: Upload): Error {
  return registryError('UPLOAD_BUSY', `another request is writing to upload ${upload.id}`, {
    uploadId: upload.id,
    size: upload.size,
  })
}

/** A full disk is an answer of its own; everything else stays what it is. */
function storageError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return registryError('STORAGE_FULL', 'the registry’s disk is full', {}, { cause: error })
}

/** One body on its way into the store: counted, hashed, bounded, its lease kept alive. */
class Arrival {
  readonly #deps: UploadDeps
  readonly #upload: Upload
  readonly #holder: string
  readonly #body: Body
  readonly #hash: Hash
  readonly #limit: ByteLimit | undefined
  #received = 0
  #leasedUntil: number
  #interruption: { readonly cause: unknown } | undefined

  constructor(
    deps: UploadDeps,
    upload: Upload,
    holder: string,
    body: Body,
    hash: Hash,
    limit: ByteLimit | undefined,
  ) {
    this.#deps = deps
    this.#upload = upload
    this.#holder = holder
    this.#body = body
    this.#hash = hash
    this.#limit = limit
    this.#leasedUntil = deps.clock.now().getTime() + leaseMs
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const iterator = this.#body.source[Symbol.asyncIterator]()
    for (;;) {
      const next = await this.#next(iterator)
      await this.#keepLease()
      if (next === undefined) break
      this.#count(next)
      yield next
    }
    this.#refuseShort()
  }

  outcome(): { readonly interruption?: unknown } {
    return this.#interruption === undefined ? {} : { interruption: this.#interruption.cause }
  }

  async #next(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      const step = await iterator.next()
      return step.done === true ? undefined : step.value
    } catch (cause) {
      if (!this.#body.keepPartial) throw interrupted(this.#upload, cause)
      this.#interruption = { cause }
      return undefined
    }
  }

  #count(piece: Uint8Array): void {
    this.#received += piece.byteLength
    const { expectedBytes } = this.#body
    if (expectedBytes !== undefined && this.#received > expectedBytes) throw this.#wrongLength()
    if (this.#upload.size + this.#received > maxBlobBytes) {
      const message = `blobs may have at most ${maxBlobBytes} bytes`
      throw registryError('BLOB_TOO_LARGE', message, { maxBlobBytes })
    }
    const limit = this.#limit
    if (limit !== undefined && this.#received > limit.bytes) throw limit.refusal()
    this.#hash.update(piece)
  }

  #refuseShort(): void {
    const { expectedBytes } = this.#body
    if (expectedBytes === undefined || this.#interruption !== undefined) return
    if (this.#received < expectedBytes) throw this.#wrongLength()
  }

  #wrongLength(): Error {
    const { expectedBytes } = this.#body
    const message = `the body was to have ${expectedBytes} bytes, ${this.#received} arrived`
    return registryError('SIZE_MISMATCH', message, { expectedBytes, received: this.#received })
  }

  /** Before every piece that may be written: whoever lost the lease must not write over its new holder. */
  async #keepLease(): Promise<void> {
    const now = this.#deps.clock.now()
    if (now.getTime() < this.#leasedUntil - leaseMs / 2) return
    const until = new Date(now.getTime() + leaseMs)
    const lease = { holder: this.#holder, now, until }
    const kept = await this.#deps.database.transaction((tx) =>
      renewUploadLease(tx, this.#upload.id, lease),
    )
    if (!kept) throw uploadBusy(this.#upload)
    this.#leasedUntil = until.getTime()
  }
}

function interrupted(upload: Upload, cause: unknown): Error {
  return registryError(
    'UPLOAD_INTERRUPTED',
    `the body of upload ${upload.id} broke off`,
    { uploadId: upload.id },
    { cause },
  )
}
