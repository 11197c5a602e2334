// Purpose:  list the header blobs of an rpm database in Berkeley DB form.
// Spec:     Berkeley DB, src/dbinc/db_page.h: metadata page, hash pages, overflow pages; numbers in the order of the machine that wrote.
// Input:    bytes of Packages from an image; hostile: an overflow page is read once, so loops end and nothing is read twice.
// Deviates: all hash pages are read in the order of the file, not by bucket; pages that were freed are of another type.
// Unknowns: encrypted or checksummed databases, other kinds than hash, and items that cannot be read are problems.
import { blobProblem, viewOf, type BlobReading } from './blobs.ts'

interface BerkeleyPages {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly isLittle: boolean
  readonly pageSize: number
  readonly last: number
  readonly used: Set<number>
}

const hashMagic = 0x00061561
const metadataBytes = 72
const pageHeaderBytes = 26
const [unsortedHashPage, overflowPage, hashMetadata, hashPage] = [2, 7, 8, 13]
const [inPage, offPage] = [1, 3]

export function* listBerkeleyBlobs(bytes: Uint8Array): Generator<BlobReading, void> {
  const pages = openPages(bytes)
  if (typeof pages === 'string') {
    yield blobProblem(pages)
    return
  }
  const { pageSize, last, view } = pages
  const whole = (last + 1) * pageSize
  if (bytes.length < whole) yield blobProblem(`is cut off: ${bytes.length} bytes of ${whole}`)
  const end = Math.min(last, Math.floor(bytes.length / pageSize) - 1)
  for (let number = 1; number <= end; number += 1) {
    const type = view.getUint8(number * pageSize + 25)
    if (type === hashPage || type === unsortedHashPage) yield* listValues(pages, number)
  }
}

function openPages(bytes: Uint8Array): BerkeleyPages | string {
  if (bytes.length < metadataBytes) return 'is not a Berkeley DB hash'
  const view = viewOf(bytes)
  const isLittle = view.getUint32(12, true) === hashMagic
  if (!isLittle && view.getUint32(12) !== hashMagic) return 'is not a Berkeley DB hash'
  const pageSize = view.getUint32(20, isLittle)
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    return `has pages of ${pageSize} bytes, which Berkeley DB has not`
  if (view.getUint8(24) !== 0) return 'is encrypted'
  if (view.getUint8(25) !== hashMetadata) return 'is no hash, or one of an unknown kind'
  if ((view.getUint8(26) & 1) !== 0) return 'has checksums in its pages, which rpm does not write'
  return { bytes, view, isLittle, pageSize, last: view.getUint32(32, isLittle), used: new Set() }
}

/** Items lie from the end of the page down, keys and values in turn. */
function* listValues(pages: BerkeleyPages, number: number): Generator<BlobReading, void> {
  const { bytes, isLittle, pageSize } = pages
  const page = viewOf(bytes.subarray(number * pageSize, (number + 1) * pageSize))
  const room = Math.floor((pageSize - pageHeaderBytes) / 2)
  const entries = Math.min(page.getUint16(20, isLittle), room)
  const offset = (index: number): number =>
    index < 0 ? pageSize : page.getUint16(pageHeaderBytes + 2 * index, isLittle)
  let end = offset(-1)
  for (let index = 0; index + 1 < entries; index += 2) {
    const [key, value] = [offset(index), offset(index + 1)]
    if (value < pageHeaderBytes || key <= value || end <= key) {
      yield blobProblem(`page ${number} has items that overlap`)
      return
    }
    const item = viewOf(new Uint8Array(page.buffer, page.byteOffset + value, key - value))
    if (!isCounter(page, { key, end, item })) yield readItem(pages, number, item)
    end = value
  }
}

/** Under the key 0 rpm keeps the highest key in use, in four bytes. */
function isCounter(
  page: DataView,
  { key, end, item }: { readonly key: number; readonly end: number; readonly item: DataView },
): boolean {
  const isZero = end - key === 5 && page.getUint8(key) === inPage && page.getUint32(key + 1) === 0
  return isZero && item.byteLength === 5 && item.getUint8(0) === inPage
}

function readItem(pages: BerkeleyPages, number: number, item: DataView): BlobReading {
  const kind = item.getUint8(0)
  if (kind === inPage)
    return {
      kind: 'blob',
      bytes: new Uint8Array(item.buffer, item.byteOffset + 1, item.byteLength - 1),
    }
  if (kind !== offPage || item.byteLength < 12)
    return blobProblem(`page ${number} has an item of kind ${kind}, which rpm does not write`)
  return readOverflow(pages, item.getUint32(4, pages.isLittle), item.getUint32(8, pages.isLittle))
}

function readOverflow(pages: BerkeleyPages, first: number, length: number): BlobReading {
  const { bytes, view, isLittle, pageSize, used } = pages
  if (length > bytes.length)
    return blobProblem(`a package of ${length} bytes is longer than the file`)
  const parts: Uint8Array[] = []
  let missing = length
  for (let number = first; missing > 0;) {
    const at = number * pageSize
    if (number === 0 || at + pageSize > bytes.length)
      return blobProblem(`a package is not whole: page ${number} is not in the file`)
    if (used.has(number)) return blobProblem(`a package is not whole: page ${number} is used twice`)
    used.add(number)
    // Overflow pages keep their own length where others keep the start of their items.
    const taken = view.getUint16(at + 22, isLittle)
    const isHeld = taken > 0 && taken <= Math.min(missing, pageSize - pageHeaderBytes)
    if (view.getUint8(at + 25) !== overflowPage || !isHeld)
      return blobProblem(`a package is not whole: page ${number} is no part of it`)
    parts.push(bytes.subarray(at + pageHeaderBytes, at + pageHeaderBytes + taken))
    missing -= taken
    number = view.getUint32(at + 16, isLittle)
  }
  return { kind: 'blob', bytes: Buffer.concat(parts) }
}
