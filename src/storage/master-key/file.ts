import { open, realpath, type FileHandle } from 'node:fs/promises'
import { Secret } from '../../lib/secret.ts'
import { writePrivately } from '../data-directory.ts'
import { MasterKeySourceError, type MasterKeySource } from './master-key-source.ts'

const mostBytes = 4096

/** A file that this user alone (or the system's administrator) can have written, and nobody else can read. */
export function openKeyFile(path: string): MasterKeySource {
  return {
    kind: 'file',
    name: path,
    async read() {
      const file = await openIfThere(path)
      if (file === undefined) return undefined
      try {
        await requirePrivate(path, file)
        const bytes = Buffer.alloc(mostBytes)
        const { bytesRead } = await file.read(bytes, 0, mostBytes, 0)
        return new Secret(bytes.toString('utf8', 0, bytesRead))
      } finally {
        await file.close()
      }
    },
    // What a link names is replaced, not the link.
    write: async (text) => writePrivately(await realpath(path).catch(() => path), text.reveal()),
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    if (code === 'ENOENT') return undefined
    throw new MasterKeySourceError(`the master key ${path} cannot be read (${code})`, { cause })
  }
}

async function requirePrivate(path: string, file: FileHandle): Promise<void> {
  const stats = await file.stat()
  if (!stats.isFile()) throw new MasterKeySourceError(`the master key ${path} is no file`)
  const user = process.getuid?.()
  // Where there are no users of this kind, modes say nothing either.
  if (user === undefined) return
  if (stats.uid !== user && stats.uid !== 0) {
    throw new MasterKeySourceError(
      `the master key ${path} belongs to user ${stats.uid}: chown ${user} ${path}, if it is yours`,
    )
  }
  const others = stats.mode & 0o077
  if (others === 0) return
  throw new MasterKeySourceError(
    `the master key ${path} is open to other users (mode ${(stats.mode & 0o777).toString(8)}): chmod 600 ${path}, and rotate it if one may have read it`,
  )
}
