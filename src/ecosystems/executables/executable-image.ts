// What the readers of executable formats give: where the named parts lie, and which addresses lie where in the file.

/** A named part of the file; of those that have no bytes there (.bss) the size is 0. */
export interface ExecutableSection {
  /** `.rodata`; of Mach-O without its segment, `__go_buildinfo`. */
  readonly name: string
  readonly offset: number
  readonly size: number
}

/** A part that is mapped into memory at an address. */
export interface ExecutableSegment {
  readonly address: number
  readonly offset: number
  readonly size: number
  readonly isWritable: boolean
}

export interface ExecutableImage {
  readonly format: 'ELF' | 'PE' | 'Mach-O'
  readonly isBigEndian: boolean
  readonly pointerBytes: 4 | 8
  /** Of the whole image; offsets count from here. */
  readonly bytes: Uint8Array
  readonly sections: readonly ExecutableSection[]
  readonly segments: readonly ExecutableSegment[]
  /** Why parts of it may be missing here; absent for a sound file. */
  readonly damage?: string
}

/** More than any linked program has; tables beyond are read so far and said to be damaged. */
export const maxSections = 4096
export const maxSegments = 1024
export const maxNameBytes = 64

/** Bytes of the first section of one of these names; undefined where there is none with bytes in the file. */
export function findSection(
  { bytes, sections }: ExecutableImage,
  ...names: readonly string[]
): Uint8Array | undefined {
  const found = sections.find(({ name, size }) => size > 0 && names.includes(name))
  if (found === undefined || found.offset >= bytes.length) return undefined
  return bytes.subarray(found.offset, found.offset + found.size)
}

/** What is at an address when the program is loaded; undefined where not all of it comes from the file. */
export function readAddress(
  { bytes, segments }: ExecutableImage,
  address: number,
  size: number,
): Uint8Array | undefined {
  for (const segment of segments) {
    const start = address - segment.address
    if (start < 0 || start + size > segment.size) continue
    const from = segment.offset + start
    return from + size <= bytes.length ? bytes.subarray(from, from + size) : undefined
  }
  return undefined
}

/** Numbers of 64 bits; what is beyond 2^53 addresses nothing in a file and becomes Infinity. */
export function readUint64(view: DataView, at: number, isLittleEndian: boolean): number {
  const high = view.getUint32(isLittleEndian ? at + 4 : at, isLittleEndian)
  const low = view.getUint32(isLittleEndian ? at : at + 4, isLittleEndian)
  return high > 0x1f_ffff ? Infinity : high * 0x1_0000_0000 + low
}

/** Text up to a NUL or the longest name. */
export function readName(bytes: Uint8Array, at: number, limit = maxNameBytes): string {
  const end = bytes.subarray(at, at + limit).indexOf(0)
  const length = end === -1 ? limit : end
  const start = Math.min(at, bytes.length)
  const size = Math.min(length, bytes.length - start)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, size).toString('latin1')
}
