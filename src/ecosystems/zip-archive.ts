// Purpose:  read single files out of a zip archive, within limits that hold for archives inside archives too.
// Spec:     PKWARE APPNOTE 6.3.10: 4.3.7 local header, 4.4.5 compression methods; RFC 1951.
// Input:    bytes of a jar, wheel or the like; hostile: bombs, overlaps, headers that contradict each other.
// Deviates: only stored and deflated entries are read, as by Java and Python.
// Unknowns: an entry that is encrypted, damaged, overlapping or beyond the limits is refused with the reason; the others are read.
import { crc32, inflateRawSync } from 'node:zlib'
import { readZipDirectory, type ZipEntry } from './zip-directory.ts'

export type { ZipEntry } from './zip-directory.ts'

export interface ZipLimits {
  /** Rows of the central directory, of one archive. */
  readonly entries: number
  /** One entry when it is inflated. */
  readonly entryBytes: number
}

/** What may still be spent on an outer file and all that lies in it. It is used up as it is read from. */
export interface ZipBudget {
  bytes: number
  entries: number
}

export interface ZipArchive {
  readonly entries: readonly ZipEntry[]
  /** About the archive as a whole. */
  readonly problems: readonly string[]
  read(entry: ZipEntry): ZipReading
}

export type ZipReading =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: string }

export type ZipOpening =
  | { readonly kind: 'archive'; readonly archive: ZipArchive }
  | { readonly kind: 'unreadable'; readonly reason: string }

const localSignature = 0x04034b50
const localBytes = 30

/** Whether the file begins as zip archives do; executable jars do not, and are told by their names. */
export function beginsAsZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4
}

export function openZip(bytes: Uint8Array, limits: ZipLimits, budget: ZipBudget): ZipOpening {
  const directory = readZipDirectory(bytes, Math.min(limits.entries, budget.entries))
  if (directory.kind === 'unreadable') return directory
  const { entries } = directory
  budget.entries -= entries.length
  const overlapping = findOverlaps(entries)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const renamed = entries.filter((entry) => !agreesWithLocalHeader(buffer, entry))
  const problems = [
    ...(overlapping.size > 0
      ? [`${overlapping.size} entries overlap others, as in a zip bomb`]
      : []),
    ...(renamed.length > 0
      ? [`${renamed.length} entries have another name, or none, where they begin`]
      : []),
  ]
  const refused = new Set<ZipEntry>([...overlapping, ...renamed])
  const read = (entry: ZipEntry): ZipReading =>
    refused.has(entry)
      ? refuse('overlaps another entry, or has another name where it begins')
      : readEntry(bytes, entry, limits, budget)
  return { kind: 'archive', archive: { entries, problems, read } }
}

/** One block of compressed bytes shared by many entries inflates to any size; real archives never share one. */
function findOverlaps(entries: readonly ZipEntry[]): ReadonlySet<ZipEntry> {
  const overlapping = new Set<ZipEntry>()
  let last: ZipEntry | undefined
  let end = -1
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (last !== undefined && entry.offset < end) overlapping.add(last).add(entry)
    const entryEnd = entry.offset + localBytes + entry.nameBytes + entry.compressedBytes
    if (entryEnd > end) [last, end] = [entry, entryEnd]
  }
  return overlapping
}

/** Some readers go by the directory and some by local headers: where they differ, one of the two is deceived. */
function agreesWithLocalHeader(bytes: Buffer, entry: ZipEntry): boolean {
  const { offset, nameAt, nameBytes } = entry
  const start = offset + localBytes
  if (offset < 0 || start + nameBytes > bytes.length) return false
  if (bytes.readUInt32LE(offset) !== localSignature) return false
  if (bytes.readUInt16LE(offset + 26) !== nameBytes) return false
  return bytes.compare(bytes, nameAt, nameAt + nameBytes, start, start + nameBytes) === 0
}

function readEntry(
  bytes: Uint8Array,
  entry: ZipEntry,
  limits: ZipLimits,
  budget: ZipBudget,
): ZipReading {
  if (entry.isEncrypted) return refuse('is encrypted')
  if (entry.method !== 0 && entry.method !== 8)
    return refuse(`is compressed by method ${entry.method}, which is not read`)
  if (entry.bytes > limits.entryBytes)
    return refuse(`inflates to ${entry.bytes} bytes, of which ${limits.entryBytes} are read`)
  if (entry.bytes > budget.bytes) return refuse('is beyond what is inflated of one file')
  const content = inflate(compressedBytesOf(bytes, entry), entry)
  // Counted whether or not it was a file in the end: it has been paid for.
  budget.bytes -= entry.bytes
  if (content?.length !== entry.bytes || crc32(content) !== entry.crc32) return refuse('is damaged')
  return { kind: 'bytes', bytes: content }
}

function compressedBytesOf(bytes: Uint8Array, { offset, compressedBytes }: ZipEntry): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, localBytes)
  const start = offset + localBytes + view.getUint16(26, true) + view.getUint16(28, true)
  return bytes.subarray(start, start + compressedBytes)
}

/** Undefined where it is no deflate stream or a longer one than it says: the output is never longer than promised. */
function inflate(packed: Uint8Array, { method, bytes }: ZipEntry): Uint8Array | undefined {
  if (method === 0) return packed
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) })
  } catch {
    return undefined
  }
}

function refuse(reason: string): ZipReading {
  return { kind: 'refused', reason }
}
