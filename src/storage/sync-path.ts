import { open } from 'node:fs/promises'

/** Writes a file's content, or a directory's names, through to the disk: what was made or moved in it outlives a power loss then. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
