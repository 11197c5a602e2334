// Purpose:  tell which files the packages of dpkg brought.
// Spec:     dpkg's info directory: NAME.list or NAME:ARCH.list, one path a line, folders too; md5sums(5) in distroless's status.d.
// Input:    bytes of such a file from an image; hostile.
// Deviates: diversions are not followed: a diverted file counts for the package that lists it.
// Unknowns: a line that is no path below the root is passed over; lines beyond the cap are a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { ownedPath } from '../owned-path.ts'
import { decodeText } from '../rfc822.ts'

const listFile = /^(?:usr\/)?var\/lib\/dpkg\/info\/([^/]+)\.list$/
const checksumFile = /^(?:usr\/)?var\/lib\/dpkg\/status\.d\/([^/]+)\.md5sums$/
/** Ten times what the largest packages have. */
const maxPaths = 1_000_000

export const dpkgFiles: Extractor = {
  id: 'dpkg-files',
  revision: 1,
  maxBytes: 128 * 1024 * 1024,
  wants: (path) => listFile.test(path) || checksumFile.test(path),
  extract: extractFiles,
}

function extractFiles(path: string, bytes: Uint8Array): Extraction {
  const owner = (listFile.exec(path) ?? checksumFile.exec(path))?.[1]
  if (owner === undefined) return { instances: [], problems: [] }
  const lines = decodeText(bytes).split('\n', maxPaths + 1)
  const isList = listFile.test(path)
  const paths = lines.slice(0, maxPaths).flatMap((line) => {
    const read = isList ? pathOfLine(line) : pathOfChecksum(line)
    return read === undefined ? [] : [read]
  })
  const problems =
    lines.length > maxPaths ? [{ path, reason: `lists more than ${maxPaths} files` }] : []
  return { instances: [], problems, owned: [{ owner, paths }] }
}

/** The root itself stands first, as `/.`. */
function pathOfLine(line: string): string | undefined {
  return line.startsWith('/') ? ownedPath(line) : undefined
}

function pathOfChecksum(line: string): string | undefined {
  const [, path] = /^[0-9a-f]{32} [ *](.+)$/.exec(line) ?? []
  return path === undefined ? undefined : ownedPath(path)
}
