// What lies in the data directory beside database and blobs: the lock, the master key, credentials, and who serves it.
import { chmod, mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { syncPath } from './sync-path.ts'

export interface DataPaths {
  readonly root: string
  readonly database: string
  readonly blobs: string
  /** The segments of the audit log. */
  readonly audit: string
  readonly temporary: string
  readonly masterKey: string
  readonly credentials: string
  readonly server: string
  readonly lock: string
}

export function dataPaths(root: string): DataPaths {
  return {
    root,
    database: join(root, 'pratique.db'),
    blobs: join(root, 'blobs'),
    audit: join(root, 'audit'),
    temporary: join(root, 'tmp'),
    masterKey: join(root, 'master.key'),
    credentials: join(root, 'credentials'),
    server: join(root, 'server.json'),
    lock: join(root, 'lock.db'),
  }
}

/** Makes the directories, readable by their owner only. Leftovers of temporary work are removed. */
export async function prepareDirectories(paths: DataPaths): Promise<void> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 })
  await chmod(paths.root, 0o700)
  await mkdir(paths.blobs, { recursive: true, mode: 0o700 })
  await rm(paths.temporary, { recursive: true, force: true })
  await mkdir(paths.temporary, { recursive: true, mode: 0o700 })
  await syncPath(paths.root)
}

/**
 * Takes the directory for this process, or returns undefined when another process has it.
 * The lock is the operating system's, taken through SQLite, so it ends with the process however that ends.
 */
export function lockDirectory(paths: Pick<DataPaths, 'lock'>): { release(): void } | undefined {
  const connection = new DatabaseSync(paths.lock, { timeout: 0 })
  try {
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    if (error instanceof Error && error.message.includes('locked')) return undefined
    throw error
  }
  return {
    release: () => {
      if (connection.isOpen) connection.close()
    },
  }
}

/** Whole or not at all, durable, 0600. */
export async function writePrivately(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncPath(dirname(path))
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A file of its own, durable, 0600; fails when it is there. */
export async function writeStreamPrivately(
  path: string,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const piece of content) await writeWhole(file, piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function writeWhole(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.byteLength;) {
    done += (await file.write(piece, done)).bytesWritten
  }
}

/** Gives a directory, whole, its final name; an empty one of that name goes. Durable. */
export async function placeDirectory(from: string, to: string): Promise<void> {
  await syncPath(from)
  await rename(from, to)
  await syncPath(dirname(to))
}

export async function removeServerFile(paths: DataPaths): Promise<void> {
  await rm(paths.server, { force: true })
}
