// Purpose:  list what a zip archive says it holds.
// Spec:     PKWARE APPNOTE 6.3.10: 4.3.12 central directory, 4.3.14 and 4.3.15 zip64, 4.3.16 end record, 4.5.3 zip64 extra field.
// Input:    bytes of a jar, wheel or the like; hostile.
// Deviates: bytes before the first entry are allowed, since executable jars begin with a shell script.
// Unknowns: a directory that is not where the archive says, or of more than one disk, refuses the archive with the reason.

/** One row of the central directory. */
export interface ZipEntry {
  readonly name: string
  /** 0 stored, 8 deflated; others exist and are not read. */
  readonly method: number
  readonly isEncrypted: boolean
  readonly crc32: number
  readonly compressedBytes: number
  readonly bytes: number
  /** Where the local header begins. */
  readonly offset: number
  /** Where the bytes of the name lie in the directory. */
  readonly nameAt: number
  readonly nameBytes: number
}

export type ZipDirectory =
  | { readonly kind: 'directory'; readonly entries: readonly ZipEntry[] }
  | { readonly kind: 'unreadable'; readonly reason: string }

interface Place {
  readonly count: number
  readonly size: number
  readonly offset: number
  /** Where the directory ends: the end record, or zip64's when there is one. */
  readonly end: number
}

const endSignature = 0x06054b50
const endBytes = 22
const maxCommentBytes = 0xffff
const zip64LocatorSignature = 0x07064b50
const zip64LocatorBytes = 20
const zip64EndSignature = 0x06064b50
const zip64EndBytes = 56
const entrySignature = 0x02014b50
const entryBytes = 46
/** In a field of 16 or 32 bits: the value stands in a zip64 record. */
const [full16, full32] = [0xffff, 0xffffffff]

/** Reads the central directory; of more than `maxEntries` entries nothing is read. */
export function readZipDirectory(bytes: Uint8Array, maxEntries: number): ZipDirectory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const place = findDirectory(view)
  if (typeof place === 'string') return { kind: 'unreadable', reason: place }
  if (place.count > maxEntries)
    return {
      kind: 'unreadable',
      reason: `has ${place.count} entries, of which ${maxEntries} are read`,
    }
  // What stands before the archive shifts every offset in it.
  const start = place.end - place.size
  const shift = start - place.offset
  if (start < 0 || shift < 0)
    return { kind: 'unreadable', reason: 'its central directory is not where it says' }
  return readEntries(bytes, view, { start, shift, end: place.end, count: place.count })
}

function findDirectory(view: DataView): Place | string {
  const at = findEnd(view)
  if (at === undefined) return 'is no zip archive: it has no end record'
  const place: Place = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
    end: at,
  }
  const isZip64 = place.count === full16 || place.size === full32 || place.offset === full32
  const wide = isZip64 ? findZip64(view, at) : undefined
  if (typeof wide === 'string' || wide !== undefined) return wide
  const isSplit = view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 6, true) !== 0
  return isSplit ? 'is one part of an archive of several' : place
}

/** From behind: the comment after the end record may hold anything, also what looks like one. */
function findEnd(view: DataView): number | undefined {
  const lowest = Math.max(0, view.byteLength - endBytes - maxCommentBytes)
  for (let at = view.byteLength - endBytes; at >= lowest; at -= 1) {
    if (view.getUint32(at, true) !== endSignature) continue
    if (at + endBytes + view.getUint16(at + 20, true) <= view.byteLength) return at
  }
  return undefined
}

/** Undefined where there is no zip64 record: the numbers are then as large as they look. */
function findZip64(view: DataView, end: number): Place | string | undefined {
  const locator = end - zip64LocatorBytes
  if (locator < 0 || view.getUint32(locator, true) !== zip64LocatorSignature) return undefined
  // The record stands before its locator; what the locator says is off where something was put before the archive.
  const at = locator - zip64EndBytes
  if (at < 0 || view.getUint32(at, true) !== zip64EndSignature)
    return 'its zip64 record is not where it belongs'
  const [count, size, offset] = [32, 40, 48].map((field) => wideNumber(view, at + field))
  return count === undefined || size === undefined || offset === undefined
    ? 'its zip64 record has numbers beyond reason'
    : { count, size, offset, end: at }
}

function readEntries(
  bytes: Uint8Array,
  view: DataView,
  {
    start,
    shift,
    end,
    count,
  }: {
    readonly start: number
    readonly shift: number
    readonly end: number
    readonly count: number
  },
): ZipDirectory {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: ZipEntry[] = []
  let at = start
  for (let index = 0; index < count; index += 1) {
    if (at + entryBytes > end || view.getUint32(at, true) !== entrySignature)
      return { kind: 'unreadable', reason: 'its central directory is damaged' }
    const extraAt = at + entryBytes + view.getUint16(at + 28, true)
    const extraEnd = extraAt + view.getUint16(at + 30, true)
    const next = extraEnd + view.getUint16(at + 32, true)
    if (next > end) return { kind: 'unreadable', reason: 'its central directory is damaged' }
    const sizes = readSizes(view, at, { at: extraAt, end: extraEnd })
    if (sizes === undefined)
      return { kind: 'unreadable', reason: 'an entry has numbers beyond reason' }
    const nameAt = at + entryBytes
    entries.push({
      name: buffer.toString('utf8', nameAt, extraAt),
      nameAt,
      nameBytes: extraAt - nameAt,
      method: view.getUint16(at + 10, true),
      isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
      crc32: view.getUint32(at + 16, true),
      ...sizes,
      offset: sizes.offset + shift,
    })
    at = next
  }
  return { kind: 'directory', entries }
}

type Sizes = Pick<ZipEntry, 'bytes' | 'compressedBytes' | 'offset'>

/** Each number that is full in the row stands in the zip64 extra field instead, in this order. */
function readSizes(
  view: DataView,
  row: number,
  extra: { readonly at: number; readonly end: number },
): Sizes | undefined {
  const narrow = {
    bytes: view.getUint32(row + 24, true),
    compressedBytes: view.getUint32(row + 20, true),
    offset: view.getUint32(row + 42, true),
  }
  const inOrder = [narrow.bytes, narrow.compressedBytes, narrow.offset]
  let at = inOrder.includes(full32) ? findExtra(view, extra) : undefined
  if (at === undefined) return narrow
  const wide = inOrder.map((value) => {
    if (value !== full32 || at === undefined) return value
    const number = at + 8 <= extra.end ? wideNumber(view, at) : undefined
    at += 8
    return number
  })
  const [bytes, compressedBytes, offset] = wide
  return bytes === undefined || compressedBytes === undefined || offset === undefined
    ? undefined
    : { bytes, compressedBytes, offset }
}

function findExtra(
  view: DataView,
  extra: { readonly at: number; readonly end: number },
): number | undefined {
  for (let at = extra.at; at + 4 <= extra.end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) === 1) return at + 4
  }
  return undefined
}

function wideNumber(view: DataView, at: number): number | undefined {
  const value = Number(view.getBigUint64(at, true))
  return Number.isSafeInteger(value) ? value : undefined
}
