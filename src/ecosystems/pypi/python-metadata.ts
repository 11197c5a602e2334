// Purpose:  list the Python packages that are installed, and those that lie in eggs and wheels.
// Spec:     PyPA, "Recording installed projects" (dist-info), binary distribution format (wheel); setuptools, the internal structure of Python eggs.
// Input:    bytes of METADATA, PKG-INFO, an egg or a wheel from an image; hostile.
// Deviates: a wheel is not installed (ensurepip keeps some): what is in it is declared.
// Unknowns: metadata without name or version, and an archive without metadata, are problems.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'
import { beginsAsZip, openZip, type ZipArchive } from '../zip-archive.ts'
import { parseCoreMetadata } from './core-metadata.ts'

const metadata =
  /(?:^|\/)[^/]+\.dist-info\/METADATA$|(?:^|\/)[^/]+\.egg-info(?:\/PKG-INFO)?$|(?:^|\/)EGG-INFO\/PKG-INFO$|(?:^|\/)[^/]+\.(?:egg|whl)$/
const inArchive = /^(?:EGG-INFO\/PKG-INFO|[^/]+\.dist-info\/METADATA)$/

const maxMetadataBytes = 8 * 1024 * 1024
const zipLimits = { entries: 200_000, entryBytes: maxMetadataBytes }
/** A wheel holds one package, an egg too. */
const maxMetadataFiles = 16

export const pythonMetadata: Extractor = {
  id: 'python-metadata',
  revision: 2,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) =>
    /(?:METADATA|PKG-INFO|\.egg-info|\.egg|\.whl)$/.test(path) && metadata.test(path),
  extract: (path, bytes) =>
    beginsAsZip(bytes) ? extractArchive(path, bytes) : extractMetadata(path, bytes, 'installed'),
}

function extractMetadata(
  path: string,
  bytes: Uint8Array,
  evidence: 'installed' | 'declared',
): Extraction {
  if (bytes.length > maxMetadataBytes) return unreadable(path, 'is too large to be metadata')
  const read = parseCoreMetadata(decodeText(bytes))
  if ('reason' in read) return unreadable(path, read.reason)
  const list = startPackageList({ type: 'pypi', path, evidence })
  list.add(read)
  return list.extraction()
}

function extractArchive(path: string, bytes: Uint8Array): Extraction {
  const budget = { bytes: maxMetadataFiles * maxMetadataBytes, entries: zipLimits.entries }
  const opening = openZip(bytes, zipLimits, budget)
  if (opening.kind === 'unreadable') return unreadable(path, opening.reason)
  const { archive } = opening
  const found = archive.entries
    .filter(({ name }) => inArchive.test(name))
    .slice(0, maxMetadataFiles)
  if (found.length === 0) return unreadable(path, 'has no metadata inside')
  const read = found.map(({ name }) => extractEntry(archive, name, path))
  return {
    instances: read.flatMap(({ instances }) => instances),
    problems: [
      ...archive.problems.map((reason) => ({ path, reason })),
      ...read.flatMap(({ problems }) => problems),
    ],
  }
}

function extractEntry(archive: ZipArchive, name: string, path: string): Extraction {
  const inner = `${path}!/${name}`
  const entry = archive.entries.find((candidate) => candidate.name === name)
  const reading = entry === undefined ? undefined : archive.read(entry)
  if (reading?.kind !== 'bytes') return unreadable(inner, reading?.reason ?? 'is not there')
  return extractMetadata(
    inner,
    reading.bytes,
    name.startsWith('EGG-INFO/') ? 'installed' : 'declared',
  )
}
