// Purpose:  read one 512-byte tar header block.
// Spec:     POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual "Basic Tar Format"; v7 and star as Go's archive/tar.
// Input:    a block out of a layer; may be hostile.
// Deviates: names stay bytes (latin1 text); a repair of Go's own writer bug before 1.8 (GNU magic with a prefix) is not made.
// Unknowns: a wrong checksum or a number outside the grammar → a sentence saying so, never a guess.

export interface TarHeader {
  /** Bytes as latin1 text; prefix joined. */
  readonly name: string
  /** Decoded for links only, else ''. */
  readonly linkName: string
  readonly mode: number
  /** As the header says it, before extended headers have their word. */
  readonly size: number
  /** The type flag as a byte; 0 is v7's regular file. */
  readonly type: number
  readonly isGnu: boolean
}

export const tarBlockBytes = 512

/** A header, or the reason why the block is none. */
export function parseTarHeader(block: Buffer): TarHeader | string {
  if (!hasChecksum(block)) return 'header checksum does not match'
  const size = parseNumber(block, 124, 12)
  if (size === undefined) return 'size in header is no number'
  const mode = parseNumber(block, 100, 8)
  if (mode === undefined) return 'mode in header is no number'
  const type = block[156] ?? 0
  const magic = block.toString('latin1', 257, 265)
  const hasPrefix = magic.startsWith('ustar\0')
  const isStar = hasPrefix && block.toString('latin1', 508, 512) === 'tar\0'
  const prefix = hasPrefix ? text(block, 345, isStar ? 131 : 155) : ''
  const name = text(block, 0, 100)
  const isLink = type === 0x31 || type === 0x32
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: isLink ? text(block, 157, 100) : '',
    mode,
    size,
    type,
    isGnu: magic === 'ustar  \0',
  }
}

/** Whether bytes begin with a header block, or with the zero block that ends an empty archive. */
export function isTarHeader(start: Buffer): boolean {
  if (start.length < tarBlockBytes) return false
  const block = start.subarray(0, tarBlockBytes)
  return isZeroBlock(block) || hasChecksum(block)
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false
  return true
}

/** Octal text, or base-256 when the first bit is set; undefined when neither or not exact in a double. */
export function parseNumber(block: Buffer, offset: number, length: number): number | undefined {
  const first = block[offset] ?? 0
  if (first >= 0x80) return parseBase256(block, offset, length)
  const digits = text(block, offset, length).trim()
  if (digits === '') return 0
  if (!/^[0-7]+$/.test(digits)) return undefined
  const value = Number.parseInt(digits, 8)
  return Number.isSafeInteger(value) ? value : undefined
}

function parseBase256(block: Buffer, offset: number, length: number): number | undefined {
  // 0x80 leads a positive number; a set second bit would make it negative, which no field here may be.
  let value = (block[offset] ?? 0) & 0x7f
  if (value >= 0x40) return undefined
  for (let at = offset + 1; at < offset + length; at++) {
    value = value * 256 + (block[at] ?? 0)
    if (!Number.isSafeInteger(value)) return undefined
  }
  return value
}

/** Bytes up to the first NUL, as latin1 text. */
function text(block: Buffer, offset: number, length: number): string {
  let end = offset
  while (end < offset + length && block[end] !== 0) end++
  return block.toString('latin1', offset, end)
}

/** Sum over the block with the checksum field as spaces; old writers summed signed bytes. */
function hasChecksum(block: Buffer): boolean {
  const expected = parseNumber(block, 148, 8)
  if (expected === undefined) return false
  let unsigned = 256
  let negatives = 0
  for (let at = 0; at < tarBlockBytes; at++) {
    if (at === 148) at = 156
    const byte = block[at] ?? 0
    unsigned += byte
    negatives += byte >> 7
  }
  return expected === unsigned || expected === unsigned - negatives * 256
}
