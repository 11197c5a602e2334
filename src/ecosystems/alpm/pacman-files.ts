// Purpose:  tell which files the packages of pacman brought.
// Spec:     libalpm's local database: `files` beside `desc`, with a %FILES% block; folders end with a slash.
// Input:    bytes of var/lib/pacman/local/NAME-VERSION-RELEASE/files from an image; hostile.
// Deviates: nothing.
// Unknowns: a folder that is not named as pacman names them → its files belong to nobody.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { ownedPath } from '../owned-path.ts'
import { readBlocks } from './blocks.ts'

const filesFile = /^var\/lib\/pacman\/local\/(.+)-[^/-]+-[^/-]+\/files$/

export const pacmanFiles: Extractor = {
  id: 'pacman-files',
  revision: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => filesFile.test(path),
  extract: extractFiles,
}

function extractFiles(path: string, bytes: Uint8Array): Extraction {
  const [, owner] = filesFile.exec(path) ?? []
  if (owner === undefined) return { instances: [], problems: [] }
  const lines = readBlocks(bytes).get('FILES') ?? []
  const paths = lines.flatMap((line) => (line.endsWith('/') ? [] : (ownedPath(line) ?? [])))
  return { instances: [], problems: [], owned: [{ owner, paths }] }
}
