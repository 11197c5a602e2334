// Purpose:  tell which files the packages of opkg brought.
// Spec:     opkg's info directory: NAME.list, a path a line; Yocto's has mode and target behind a tab.
// Input:    bytes of such a file from an image; hostile.
// Deviates: nothing.
// Unknowns: a line that is no path below the root is passed over; lines beyond the cap are a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { ownedPath } from '../owned-path.ts'
import { decodeText } from '../rfc822.ts'

const listFile = /^(?:usr|var)\/lib\/opkg\/info\/([^/]+)\.list$/
const maxPaths = 1_000_000

export const opkgFiles: Extractor = {
  id: 'opkg-files',
  revision: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => listFile.test(path),
  extract: extractFiles,
}

function extractFiles(path: string, bytes: Uint8Array): Extraction {
  const [, owner] = listFile.exec(path) ?? []
  if (owner === undefined) return { instances: [], problems: [] }
  const lines = decodeText(bytes).split(/\r?\n/, maxPaths + 1)
  const paths = lines.slice(0, maxPaths).flatMap((line) => {
    const [name = ''] = line.split('\t', 1)
    return name.startsWith('/') ? (ownedPath(name) ?? []) : []
  })
  const problems =
    lines.length > maxPaths ? [{ path, reason: `lists more than ${maxPaths} files` }] : []
  return { instances: [], problems, owned: [{ owner, paths }] }
}
