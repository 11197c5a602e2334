// Bytes as files at ROOT/ab/cd/<key>. Written at their final name: a file is garbage until a row names it.
import { createReadStream } from 'node:fs'
import { mkdir, open, opendir, rm, stat, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { BufferPool, quietly } from '../../lib/buffer-pool.ts'
import { nameStorageFault } from '../storage-full.ts'
import {
  parseStorageKey,
  type BlobStore,
  type ByteRange,
  type OpenBytes,
  type StorageKey,
} from './blob-store.ts'

/** Large reads save system calls; small blobs fit one read. */
const readSize = 256 * 1024

export function openFilesystemBlobs(root: string): BlobStore {
  const buffers = new BufferPool()
  const pathOf = (key: StorageKey): string => join(root, key.slice(0, 2), key.slice(2, 4), key)
  return {
    write: (key, offset, source) => named(writeFrom(pathOf(key), offset, source, buffers)),
    sync: (key) => named(syncFile(root, pathOf(key))),
    size: (key) => sizeOf(pathOf(key)),
    read: (key, range) => readFrom(pathOf(key), range),
    open: (key) => openFile(pathOf(key)),
    delete: (key) => rm(pathOf(key), { force: true }),
    list: () => listKeys(root),
    probe: async () => {
      await mkdir(root, { recursive: true, mode: 0o700 })
      await statfs(root)
    },
  }
}

async function named<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw nameStorageFault(error)
  }
}

async function writeFrom(
  path: string,
  offset: number,
  source: AsyncIterable<Uint8Array>,
  buffers: BufferPool,
): Promise<number> {
  const file = await openForWriting(path, offset)
  try {
    const { size } = await file.stat()
    if (size < offset)
      throw new Error(`${path} has ${size} bytes, a write was to begin at ${offset}`)
    await file.truncate(offset)
    return await appendAll(file, offset, source, buffers)
  } finally {
    await file.close()
  }
}

async function openForWriting(path: string, offset: number): Promise<FileHandle> {
  if (offset > 0) return open(path, 'r+')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return open(path, 'w', 0o600)
}

async function appendAll(
  file: FileHandle,
  offset: number,
  source: AsyncIterable<Uint8Array>,
  buffers: BufferPool,
): Promise<number> {
  const writer = new PieceWriter(file, offset, buffers)
  try {
    for await (const piece of source) await writer.add(piece)
    return await writer.end()
  } finally {
    await writer.release()
  }
}

/**
 * Pieces come as the socket gives them, sixty kilobytes or one byte: they are copied together, and one buffer is
 * written while the other is filled.
 */
class PieceWriter {
  readonly #file: FileHandle
  readonly #buffers: BufferPool
  readonly #lent: Buffer[] = []
  #position: number
  #filling: Buffer | undefined
  #spare: Buffer | undefined
  #filled = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(file: FileHandle, offset: number, buffers: BufferPool) {
    this.#file = file
    this.#position = offset
    this.#buffers = buffers
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

  /** The file's length, once everything is in it. */
  async end(): Promise<number> {
    await this.#writing
    const rest = this.#filling?.subarray(0, this.#filled) ?? Buffer.alloc(0)
    await writeFully(this.#file, rest, this.#position)
    return this.#position + rest.byteLength
  }

  async release(): Promise<void> {
    // A write that is under way still reads its buffer.
    await Promise.allSettled([this.#writing])
    for (const buffer of this.#lent) this.#buffers.give(buffer)
  }

  async #turn(full: Buffer): Promise<void> {
    // The spare one is free again when what it held has been written.
    await this.#writing
    this.#writing = quietly(writeFully(this.#file, full, this.#position))
    this.#position += full.byteLength
    this.#filling = this.#spare ?? this.#lend()
    this.#spare = full
    this.#filled = 0
  }

  #lend(): Buffer {
    const buffer = this.#buffers.take(Number.MAX_SAFE_INTEGER)
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

/** File first, then every directory that may be new, up to the root: else the name itself could be lost. */
async function syncFile(root: string, path: string): Promise<void> {
  await syncOne(path)
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    await syncOne(directory)
    if (directory === root || directory === dirname(directory)) return
  }
}

async function syncOne(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function readFrom(path: string, range: ByteRange | undefined): Promise<Readable> {
  const handle = await open(path, 'r')
  return createReadStream(path, {
    fd: handle,
    highWaterMark: readSize,
    ...(range === undefined ? {} : { start: range.start, end: range.end }),
  })
}

async function openFile(path: string): Promise<OpenBytes> {
  const file = await open(path, 'r')
  return {
    async read(into, position) {
      const { bytesRead } = await file.read(into, 0, into.byteLength, position)
      return bytesRead
    },
    close: () => file.close(),
  }
}

async function* listKeys(root: string): AsyncIterable<{ key: StorageKey; writtenAt: Date }> {
  for await (const entry of await opendir(root, { recursive: true })) {
    const key = entry.isFile() ? parseStorageKey(entry.name) : undefined
    if (key === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const size = await stat(path).catch(() => undefined)
    if (size !== undefined) yield { key, writtenAt: size.mtime }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
