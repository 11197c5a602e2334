// Bytes as files at ROOT/ab/cd/<key>. Written at their final name: a file is garbage until a row names it.
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm, stat, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { BufferPool } from '../../lib/buffer-pool.ts'
import { nameStorageFault } from '../storage-full.ts'
import { syncPath } from '../sync-path.ts'
import { FileWriter, type WriterDeps } from './file-writer.ts'
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
  const writing: WriterDeps = { buffers: new BufferPool(), flushing: { isBusy: false } }
  const pathOf = (key: StorageKey): string => join(root, key.slice(0, 2), key.slice(2, 4), key)
  return {
    write: (key, offset, source) => named(writeFrom(pathOf(key), offset, source, writing)),
    sync: (key) => named(syncFile(root, pathOf(key))),
    size: (key) => sizeOf(pathOf(key)),
    read: (key, range) => readFrom(pathOf(key), range),
    open: (key) => openFile(pathOf(key)),
    delete: (key) => rm(pathOf(key), { force: true }),
    list: (prefix) => listKeys(root, prefix),
    space: async () => {
      const { bavail, blocks, bsize } = await statfs(root)
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    },
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
  writing: WriterDeps,
): Promise<number> {
  const file = await openForWriting(path, offset)
  try {
    const { size } = await file.stat()
    if (size < offset)
      throw new Error(`${path} has ${size} bytes, a write was to begin at ${offset}`)
    await file.truncate(offset)
    return await appendOrCut(file, offset, source, writing)
  } finally {
    await file.close()
  }
}

/** What came in vain takes no room, least of all on a disk that is full. */
async function appendOrCut(
  file: FileHandle,
  offset: number,
  source: AsyncIterable<Uint8Array>,
  writing: WriterDeps,
): Promise<number> {
  try {
    return await appendAll(file, offset, source, writing)
  } catch (error) {
    // On a disk that fails the cut may fail too; why the write did is what counts.
    await Promise.allSettled([file.truncate(offset)])
    throw error
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
  writing: WriterDeps,
): Promise<number> {
  const writer = new FileWriter(file, offset, writing)
  try {
    for await (const piece of source) await writer.add(piece)
    return await writer.end()
  } finally {
    await writer.release()
  }
}

/** File first, then every directory that may be new, up to the root: else the name itself could be lost. */
async function syncFile(root: string, path: string): Promise<void> {
  await syncPath(path)
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    await syncPath(directory)
    if (directory === root || directory === dirname(directory)) return
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

/** One folder's names in memory at a time. */
async function* listKeys(
  root: string,
  prefix: string | undefined,
): AsyncIterable<{ key: StorageKey; writtenAt: Date }> {
  const folders = prefix === undefined ? await namesIn(root) : [prefix]
  for (const folder of folders) {
    for (const below of await namesIn(join(root, folder))) yield* listFolder(root, folder, below)
  }
}

async function* listFolder(
  root: string,
  folder: string,
  below: string,
): AsyncIterable<{ key: StorageKey; writtenAt: Date }> {
  const path = join(root, folder, below)
  for (const name of await namesIn(path)) {
    const key = parseStorageKey(name)
    // A name at another place than its own would not be found when it is asked for.
    if (key?.startsWith(folder + below) !== true) continue
    const stats = await stat(join(path, name)).catch(() => undefined)
    if (stats?.isFile() === true) yield { key, writtenAt: stats.mtime }
  }
}

/** Sorted; none of what is no folder or is not there. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).toSorted()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
