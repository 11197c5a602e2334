import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { nameStorageFault } from '../storage-full.ts'
import { syncPath } from '../sync-path.ts'
import type { SegmentAppender, SegmentInfo, SegmentStore } from './segment-store.ts'

const nameForm = /^[a-z0-9][a-z0-9.-]{0,99}$/

/** Segments as files of one directory, which is made when the first is; only their owner may read them. */
export function openFilesystemSegments(directory: string): SegmentStore {
  const pathOf = (name: string): string => {
    if (!nameForm.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a segment`)
    return join(directory, name)
  }
  return {
    list: () => listFiles(directory),
    async create(name) {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        const file = await open(pathOf(name), 'ax', 0o600)
        await syncPath(directory).catch(async (error: unknown) => {
          await file.close()
          throw error
        })
        return new FileAppender(name, file, 0)
      } catch (error) {
        throw nameStorageFault(error)
      }
    },
    async open(name) {
      const { size } = await stat(pathOf(name))
      return new FileAppender(name, await open(pathOf(name), 'a', 0o600), size)
    },
    read: (name, offset, length) => readPart(pathOf(name), offset, length),
    remove: (name) => rm(pathOf(name), { force: true }),
  }
}

async function listFiles(directory: string): Promise<readonly SegmentInfo[]> {
  const entries = await absentAs([], readdir(directory, { withFileTypes: true }))
  const names = entries.filter((entry) => entry.isFile() && nameForm.test(entry.name))
  const infos: SegmentInfo[] = []
  for (const { name } of names.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const stats = await absentAs(undefined, stat(join(directory, name)))
    if (stats !== undefined) infos.push({ name, bytes: stats.size })
  }
  return infos
}

async function readPart(path: string, offset: number, length: number): Promise<Buffer | undefined> {
  const file = await absentAs(undefined, open(path, 'r'))
  if (file === undefined) return undefined
  try {
    const buffer = Buffer.allocUnsafe(length)
    let read = 0
    while (read < length) {
      const { bytesRead } = await file.read(buffer, read, length - read, offset + read)
      if (bytesRead === 0) break
      read += bytesRead
    }
    return buffer.subarray(0, read)
  } finally {
    await file.close()
  }
}

async function absentAs<T, E>(absent: E, work: Promise<T>): Promise<T | E> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return absent
    throw error
  }
}

class FileAppender implements SegmentAppender {
  readonly name: string
  readonly #file: FileHandle
  #bytes: number
  /** A piece of a failed append may stand behind what counts. */
  #isDirty = false

  constructor(name: string, file: FileHandle, bytes: number) {
    this.name = name
    this.#file = file
    this.#bytes = bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      if (this.#isDirty) await this.truncate(this.#bytes)
      this.#isDirty = true
      for (let done = 0; done < bytes.byteLength;) {
        done += (await this.#file.write(bytes, done)).bytesWritten
      }
      this.#bytes += bytes.byteLength
      this.#isDirty = false
    } catch (error) {
      // A full disk still lets a file be cut; where it does not, the next append begins with it.
      await this.truncate(this.#bytes).catch(() => undefined)
      throw nameStorageFault(error)
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#file.datasync()
    } catch (error) {
      throw nameStorageFault(error)
    }
  }

  async truncate(bytes: number): Promise<void> {
    await this.#file.truncate(bytes)
    this.#bytes = bytes
    this.#isDirty = false
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
