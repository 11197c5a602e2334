// Purpose:  list the packages from which chisel cut an image, and the files that it took.
// Spec:     chisel, `manifest.wall`: zstd of "jsonwall" 1.0, a JSON object a line, of kinds package, slice, path and content.
// Input:    bytes of such a file from an image; hostile.
// Deviates: nothing.
// Unknowns: the manifest does not say from which source a package is built: its `source` is absent, and nobody looks it up.
//           A manifest with fewer or more lines than it counts is a problem, and what is in it is kept.
import { zstdDecompressSync } from 'node:zlib'
import { ZstdFrameSplitter } from '../../lib/archive/zstd-frames.ts'
import type { Extraction, Extractor, InventoryProblem, PackageInstance } from '../ecosystem.ts'
import { ownedPath } from '../owned-path.ts'
import { decodeText } from '../rfc822.ts'

const maxDecodedBytes = 256 * 1024 * 1024
const maxLines = 2_000_000

export const chiselManifest: Extractor = {
  id: 'chisel-manifest',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => path === 'var/lib/chisel/manifest.wall',
  extract: extractManifest,
}

function extractManifest(path: string, bytes: Uint8Array): Extraction {
  let text: string
  try {
    text = decodeText(decodeFrames(bytes))
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error'
    return { instances: [], problems: [{ path, reason: `cannot be decompressed: ${why}` }] }
  }
  return readWall(text, path)
}

/** Node's decoder stops after the first frame; what is in the others would look like nothing. */
function decodeFrames(bytes: Uint8Array): Buffer {
  const splitter = new ZstdFrameSplitter()
  const decoded: Buffer[] = []
  let room = maxDecodedBytes
  for (const frame of splitter.write(bytes)) {
    const part = zstdDecompressSync(frame, { maxOutputLength: room })
    room = Math.max(1, room - part.length)
    decoded.push(part)
  }
  splitter.end()
  return Buffer.concat(decoded)
}

function readWall(text: string, path: string): Extraction {
  const lines = text.split('\n', maxLines + 1).filter((line) => line.trim() !== '')
  const problems: InventoryProblem[] = []
  const instances: PackageInstance[] = []
  const files = new Map<string, string[]>()
  const entries = lines.map(parseLine)
  const [header] = entries
  if (header?.['jsonwall'] !== '1.0')
    return { instances, problems: [{ path, reason: 'is no jsonwall of version 1.0' }] }
  if (header['count'] !== lines.length || entries.includes(undefined))
    problems.push({ path, reason: 'has other lines than it counts, or some that cannot be read' })
  for (const entry of entries) {
    if (entry?.['kind'] === 'content') takeContent(entry, files)
    if (entry?.['kind'] !== 'package') continue
    const read = readPackage(entry, path)
    if ('reason' in read) problems.push(read)
    else instances.push(read)
  }
  const owned = [...files].map(([owner, paths]) => ({ owner, paths }))
  return { instances, problems, owned }
}

type Entry = Readonly<Record<string, unknown>>

function parseLine(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isEntry(value) ? value : undefined
  } catch {
    // The caller reports it: lines that cannot be read are missing from the count.
    return undefined
  }
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readPackage(entry: Entry, path: string): PackageInstance | InventoryProblem {
  const { name, version, arch } = entry
  if (!isText(name) || !isText(version)) {
    const who = isText(name) ? name.slice(0, 128) : 'without a name'
    return { path, reason: `a package (${who}) has no ${isText(name) ? 'version' : 'name'}` }
  }
  const architecture = isText(arch) ? { architecture: arch } : {}
  return { package: { type: 'deb', name, version, ...architecture }, path, evidence: 'installed' }
}

/** Slices are named `PACKAGE_SLICE`; folders end with a slash. */
function takeContent({ slice, path }: Entry, files: Map<string, string[]>): void {
  if (!isText(slice) || !isText(path) || path.endsWith('/')) return
  const [owner = ''] = slice.split('_', 1)
  const kept = ownedPath(path)
  if (owner === '' || kept === undefined) return
  const paths = files.get(owner)
  if (paths === undefined) files.set(owner, [kept])
  else paths.push(kept)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
