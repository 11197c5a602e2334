import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'

/** What `write` writes is there under its own name only when it is whole and durable; readable by its owner alone. */
export async function writeWholeFile<T>(
  file: string,
  write: (sink: Writable) => Promise<T>,
): Promise<T> {
  const partial = `${file}.partial`
  try {
    const result = await write(createWriteStream(partial, { mode: 0o600, flush: true }))
    await rename(partial, file)
    await syncDirectory(dirname(file))
    return result
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
