// Packs a directory as a tar stream, in bounded memory: links stay links, what is no file or directory is passed over.
import { createReadStream } from 'node:fs'
import { lstat, opendir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'

/** The stream fails when a file cannot be read; `skip` is told of what was passed over. */
export function packDirectory(root: string, skip: (path: string) => void): Readable {
  const archive = pack()
  addDirectory(archive, root, '', skip).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return Readable.from(archive, { objectMode: false })
}

async function addDirectory(
  archive: Pack,
  root: string,
  directory: string,
  skip: (path: string) => void,
): Promise<void> {
  for await (const entry of await opendir(join(root, directory))) {
    const name = directory === '' ? entry.name : `${directory}/${entry.name}`
    const path = join(root, name)
    if (entry.isDirectory()) {
      archive.entry({ name: `${name}/`, type: 'directory' })
      await addDirectory(archive, root, name, skip)
    } else if (entry.isSymbolicLink()) {
      archive.entry({ name, type: 'symlink', linkname: await readlink(path) })
    } else if (entry.isFile()) {
      await addFile(archive, path, name)
    } else skip(name)
  }
}

async function addFile(archive: Pack, path: string, name: string): Promise<void> {
  const { size } = await lstat(path)
  const sink = archive.entry({ name, size })
  // A file that grows meanwhile would break the archive: exactly what was announced is read.
  if (size === 0) sink.end(null)
  else await pipeline(createReadStream(path, { end: size - 1 }), sink)
}
