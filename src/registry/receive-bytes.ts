import { createHash, type Hash } from 'node:crypto'
import type { DigestAlgorithm } from '../oci/digest.ts'
import { registryError } from './errors.ts'
import type { ByteLimit } from './quotas.ts'
import type { UploadDeps, UploadLease } from './upload-lease.ts'

/** ECR's quota for a layer, 52,000 MiB; larger blobs are refused while they arrive. */
export const maxBlobBytes = 52_000 * 1024 * 1024

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

/** Writes the body behind what the upload has, hashing as it arrives; memory is one store write. */
export async function receiveBytes(
  deps: UploadDeps,
  lease: UploadLease,
  body: Body,
  limit: ByteLimit | undefined,
): Promise<Received> {
  const { upload } = lease
  refuseTooLarge(upload.size + (body.announcedBytes ?? body.expectedBytes ?? 0))
  const before =
    deps.hashes.take(upload.id, upload.size) ??
    (await hashStored(deps, lease, upload.size, upload.algorithm))
  const hash = before.copy()
  const arrival = new Arrival(lease, body, hash, limit)
  try {
    const size = await deps.blobs.write(upload.storageKey, upload.size, arrival.bytes())
    return { size, hash, ...arrival.outcome() }
  } catch (error) {
    // The upload stays where it was: its next request must not have to read gigabytes again.
    deps.hashes.keep(upload.id, upload.size, before)
    throw error
  }
}

function refuseTooLarge(size: number): void {
  if (size <= maxBlobBytes) return
  const message = `blobs may have at most ${maxBlobBytes} bytes`
  throw registryError('BLOB_TOO_LARGE', message, { maxBlobBytes })
}

/** The hash over the first `size` stored bytes: after a restart, or in another algorithm. Fewer bytes are a fault. */
export async function hashStored(
  deps: UploadDeps,
  lease: UploadLease,
  size: number,
  algorithm: DigestAlgorithm,
): Promise<Hash> {
  const hash = createHash(algorithm)
  if (size === 0) return hash
  const { storageKey } = lease.upload
  const stored: AsyncIterable<Uint8Array> = await deps.blobs.read(storageKey, {
    start: 0,
    end: size - 1,
  })
  let hashed = 0
  for await (const piece of stored) {
    await lease.keep()
    hash.update(piece)
    hashed += piece.byteLength
  }
  if (hashed === size) return hash
  throw new Error(
    `${size} bytes of upload ${lease.upload.id} were acknowledged, ${hashed} are stored`,
  )
}

/** One body on its way into the store: counted, hashed, bounded, its lease kept alive. */
class Arrival {
  readonly #lease: UploadLease
  readonly #body: Body
  readonly #hash: Hash
  readonly #limit: ByteLimit | undefined
  #received = 0
  #interruption: { readonly cause: unknown } | undefined

  constructor(lease: UploadLease, body: Body, hash: Hash, limit: ByteLimit | undefined) {
    this.#lease = lease
    this.#body = body
    this.#hash = hash
    this.#limit = limit
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const iterator = this.#body.source[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.#next(iterator)
        await this.#lease.keep()
        if (next === undefined) break
        this.#count(next)
        yield next
      }
    } finally {
      // Refused, or not taken by the store: the source has buffers to give back.
      await iterator.return?.()
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
      if (!this.#body.keepPartial) throw this.#interrupted(cause)
      this.#interruption = { cause }
      return undefined
    }
  }

  #count(piece: Uint8Array): void {
    this.#received += piece.byteLength
    const { expectedBytes } = this.#body
    if (expectedBytes !== undefined && this.#received > expectedBytes) throw this.#wrongLength()
    refuseTooLarge(this.#lease.upload.size + this.#received)
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

  #interrupted(cause: unknown): Error {
    const { id: uploadId } = this.#lease.upload
    const message = `the body of upload ${uploadId} broke off`
    return registryError('UPLOAD_INTERRUPTED', message, { uploadId }, { cause })
  }
}
