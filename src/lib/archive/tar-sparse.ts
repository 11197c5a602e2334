// Purpose:  read the maps of sparse tar entries and lay out their content.
// Spec:     GNU tar manual "Storing Sparse Files": old GNU format, pax formats 0.0, 0.1 and 1.0.
// Input:    header blocks, pax records and data of an entry; may be hostile.
// Deviates: nothing here.
// Unknowns: a map that is unordered, overlaps or leaves the file → undefined: the archive is malformed.
import { parseDecimal, type PaxRecords } from './pax-records.ts'
import { parseNumber, tarBlockBytes } from './tar-header.ts'

export interface SparsePart {
  readonly offset: number
  readonly length: number
}

export interface SparseForm {
  /** Logical size, holes included. */
  readonly size: number
  /** Absent in format 1.0, whose map leads the data. */
  readonly parts?: readonly SparsePart[]
}

/** Up to four parts of an old GNU header, its logical size, and whether extension blocks follow. */
export function parseOldGnuSparse(
  header: Buffer,
): { size: number; parts: SparsePart[]; isExtended: boolean } | undefined {
  const size = parseNumber(header, 483, 12)
  const parts = parseParts(header, 386, 4)
  if (size === undefined || parts === undefined) return undefined
  return { size, parts, isExtended: header[482] !== 0 }
}

/** The 21 parts of an old GNU extension block. */
export function parseSparseExtension(
  block: Buffer,
): { parts: SparsePart[]; isExtended: boolean } | undefined {
  const parts = parseParts(block, 0, 21)
  return parts === undefined ? undefined : { parts, isExtended: block[504] !== 0 }
}

function parseParts(block: Buffer, start: number, count: number): SparsePart[] | undefined {
  const parts: SparsePart[] = []
  for (let at = start; at < start + count * 24 && block[at] !== 0; at += 24) {
    const offset = parseNumber(block, at, 12)
    const length = parseNumber(block, at + 12, 12)
    if (offset === undefined || length === undefined) return undefined
    parts.push({ offset, length })
  }
  return parts
}

/** How pax records describe a sparse file; undefined when they describe none; a string says what is wrong. */
export function sparseFormOf(records: PaxRecords, size: number): SparseForm | string | undefined {
  const { sparse } = records
  const format = formatOf(records)
  if (format === undefined) return undefined
  const stated = sparse.get('size') ?? sparse.get('realsize')
  const logical = stated === undefined ? size : parseDecimal(stated)
  if (logical === undefined) return 'size of a sparse file is no number'
  if (format === 'leading-map') return { size: logical }
  const parts = pair(mapOf(records))
  return parts === undefined ? 'map of a sparse file is no list of pairs' : { size: logical, parts }
}

function formatOf(records: PaxRecords): 'leading-map' | 'recorded-map' | undefined {
  const version = `${records.sparse.get('major') ?? ''}.${records.sparse.get('minor') ?? ''}`
  if (version === '1.0') return 'leading-map'
  // The first writers of 0.x named no version.
  const isRecorded = version === '0.0' || version === '0.1'
  return isRecorded || (version === '.' && mapOf(records).length > 0) ? 'recorded-map' : undefined
}

function mapOf({ sparse, sparsePairs }: PaxRecords): readonly string[] {
  if (sparsePairs.length > 0) return sparsePairs
  const map = sparse.get('map') ?? ''
  return map === '' ? [] : map.split(',')
}

function pair(numbers: readonly string[]): SparsePart[] | undefined {
  if (numbers.length % 2 !== 0) return undefined
  const parts: SparsePart[] = []
  for (let at = 0; at < numbers.length; at += 2) {
    const offset = parseDecimal(numbers[at] ?? '')
    const length = parseDecimal(numbers[at + 1] ?? '')
    if (offset === undefined || length === undefined) return undefined
    parts.push({ offset, length })
  }
  return parts
}

/** The content with its holes as zeros. `form.size` was held against the reader's cap before. */
export function expandSparse(form: SparseForm, stored: Buffer): Buffer | undefined {
  const { parts, dataStart } =
    form.parts === undefined ? leadingMap(stored) : { parts: form.parts, dataStart: 0 }
  if (parts === undefined || !isOrdered(parts, form.size)) return undefined
  const content = Buffer.alloc(form.size)
  let from = dataStart
  for (const { offset, length } of parts) {
    if (from + length > stored.length) return undefined
    stored.copy(content, offset, from, from + length)
    from += length
  }
  return content
}

/** Format 1.0: count, then offset and length of each part, a decimal a line, padded to whole blocks. */
function leadingMap(stored: Buffer): { parts: SparsePart[] | undefined; dataStart: number } {
  let at = 0
  const line = (): string => {
    const end = stored.indexOf(0x0a, at)
    if (end < 0 || end - at > 20) return ''
    const digits = stored.toString('latin1', at, end)
    at = end + 1
    return digits
  }
  const count = parseDecimal(line())
  // Each part takes four bytes at least, so a larger count cannot be true.
  if (count === undefined || count * 4 > stored.length) return { parts: undefined, dataStart: 0 }
  const numbers: string[] = []
  for (let index = 0; index < count * 2; index++) numbers.push(line())
  return { parts: pair(numbers), dataStart: Math.ceil(at / tarBlockBytes) * tarBlockBytes }
}

function isOrdered(parts: readonly SparsePart[], size: number): boolean {
  let end = 0
  for (const { offset, length } of parts) {
    if (offset < end || length > size - offset) return false
    end = offset + length
  }
  return true
}
