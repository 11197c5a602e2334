// Bytes on their way into a file.
import type { FileHandle } from 'node:fs/promises'
import { quietly, type BufferPool } from '../../lib/buffer-pool.ts'

/** What all writers of a store share. */
export interface WriterDeps {
  readonly buffers: BufferPool
  readonly flushing: { isBusy: boolean }
}

const largePiece = 256 * 1024

/** A disk of a gigabyte a second takes some ten milliseconds for it. */
const flushBytes = 8 * 1024 * 1024

/** Small pieces, be they of one byte, are copied together, and one buffer is written while the other is filled. */
export class FileWriter {
  readonly #file: FileHandle
  readonly #deps: WriterDeps
  readonly #lent: Buffer[] = []
  #position: number
  #filling: Buffer | undefined
  #spare: Buffer | undefined
  #filled = 0
  #writing: Promise<void> = Promise.resolve()
  #unflushed = 0
  #flushing: Promise<void> = Promise.resolve()

  constructor(file: FileHandle, offset: number, deps: WriterDeps) {
    this.#file = file
    this.#position = offset
    this.#deps = deps
  }

  async add(piece: Uint8Array): Promise<void> {
    if (piece.byteLength >= largePiece) return this.#writeNow(piece)
    for (let taken = 0; taken < piece.byteLength;) {
      this.#filling ??= this.#lend()
      const part = piece.subarray(taken, taken + this.#filling.byteLength - this.#filled)
      this.#filling.set(part, this.#filled)
      taken += part.byteLength
      this.#filled += part.byteLength
      if (this.#filled === this.#filling.byteLength) await this.#turn(this.#filling)
    }
  }

  /** The file's length, once everything is in it; rejects when a part could not be written through. */
  async end(): Promise<number> {
    await this.#writeRest()
    await this.#flushing
    return this.#position
  }

  async release(): Promise<void> {
    // A write that is under way still reads its buffer.
    await Promise.allSettled([this.#writing, this.#flushing])
    for (const buffer of this.#lent) this.#deps.buffers.give(buffer)
  }

  /** As it is: copying it would cost as much as writing it. */
  async #writeNow(piece: Uint8Array): Promise<void> {
    await this.#writeRest()
    await writeFully(this.#file, piece, this.#position)
    this.#advance(piece.byteLength)
  }

  async #writeRest(): Promise<void> {
    await this.#writing
    const rest = this.#filling?.subarray(0, this.#filled)
    if (rest === undefined || rest.byteLength === 0) return
    await writeFully(this.#file, rest, this.#position)
    this.#filled = 0
    this.#advance(rest.byteLength)
  }

  async #turn(full: Buffer): Promise<void> {
    // The spare one is free again when what it held has been written.
    await this.#writing
    this.#writing = quietly(writeFully(this.#file, full, this.#position))
    this.#filling = this.#spare ?? this.#lend()
    this.#spare = full
    this.#filled = 0
    this.#advance(full.byteLength)
  }

  #advance(bytes: number): void {
    this.#position += bytes
    this.#unflushed += bytes
    if (this.#unflushed >= flushBytes) this.#flushEarly()
  }

  /**
   * The disk writes what has come while more comes, so that the sync at the end, which the client waits for, finds little left.
   * One file at a time: the threads that flush are those that read.
   */
  #flushEarly(): void {
    const { flushing } = this.#deps
    if (flushing.isBusy) return
    flushing.isBusy = true
    this.#unflushed = 0
    const earlier = this.#flushing
    const flush = async (): Promise<void> => {
      try {
        // One that failed may not fail again: the file is lost all the same.
        await earlier
        await this.#file.datasync()
      } finally {
        flushing.isBusy = false
      }
    }
    this.#flushing = quietly(flush())
  }

  #lend(): Buffer {
    const buffer = this.#deps.buffers.take(Number.MAX_SAFE_INTEGER)
    this.#lent.push(buffer)
    return buffer
  }
}

/** A short write (a nearly full disk) is repeated until it ends or the system says why it cannot. */
async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done)
    done += bytesWritten
  }
}
