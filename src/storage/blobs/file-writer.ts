// Bytes on their way into a file.
import type { FileHandle } from 'node:fs/promises'
import { quietly, type BufferPool } from '../../lib/buffer-pool.ts'

/** What all writers of a store share. */
export interface WriterDeps {
  readonly buffers: BufferPool
  readonly flushing: { isBusy: boolean }
}

/** A disk of a gigabyte a second takes some ten milliseconds for it. */
const flushBytes = 8 * 1024 * 1024

/**
 * Pieces come as the socket gives them, sixty kilobytes or one byte: they are copied together, and one buffer is
 * written while the other is filled.
 */
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
    await this.#writing
    await this.#flushing
    const rest = this.#filling?.subarray(0, this.#filled) ?? Buffer.alloc(0)
    await writeFully(this.#file, rest, this.#position)
    return this.#position + rest.byteLength
  }

  async release(): Promise<void> {
    // A write that is under way still reads its buffer.
    await Promise.allSettled([this.#writing, this.#flushing])
    for (const buffer of this.#lent) this.#deps.buffers.give(buffer)
  }

  async #turn(full: Buffer): Promise<void> {
    // The spare one is free again when what it held has been written.
    await this.#writing
    this.#writing = quietly(writeFully(this.#file, full, this.#position))
    this.#position += full.byteLength
    this.#filling = this.#spare ?? this.#lend()
    this.#spare = full
    this.#filled = 0
    this.#unflushed += full.byteLength
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
