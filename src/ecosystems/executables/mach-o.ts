// Purpose:  find the sections and segments of a program or library of macOS, and those of each architecture of a fat one.
// Spec:     Apple, mach-o/loader.h and mach-o/fat.h: mach_header, segment_command, section, fat_arch.
// Input:    bytes of a Mach-O file of 32 or 64 bits and either byte order; hostile.
// Deviates: nothing.
// Unknowns: commands or architectures that lie outside the file, or are more than are read, are said as damage.
import {
  maxSections,
  maxSegments,
  readName,
  readUint64,
  type ExecutableImage,
  type ExecutableSection,
  type ExecutableSegment,
} from './executable-image.ts'

/** Java classes begin with the same four bytes; the version that follows is 45 or more. */
export const maxArchitectures = 42
const fatMagic = 0xcafebabe
const fatMagic64 = 0xcafebabf
const zeroFill = [1, 12, 18]

interface Layout {
  readonly segmentCommand: number
  readonly headerBytes: number
  readonly protection: number
  readonly sectionCount: number
  readonly commandBytes: number
  readonly sectionBytes: number
}

const layouts: Readonly<Record<4 | 8, Layout>> = {
  4: {
    segmentCommand: 0x1,
    headerBytes: 28,
    protection: 44,
    sectionCount: 48,
    commandBytes: 56,
    sectionBytes: 68,
  },
  8: {
    segmentCommand: 0x19,
    headerBytes: 32,
    protection: 60,
    sectionCount: 64,
    commandBytes: 72,
    sectionBytes: 80,
  },
}

interface MachO {
  readonly view: DataView
  readonly bytes: Uint8Array
  readonly isLittle: boolean
  readonly pointerBytes: 4 | 8
  readonly layout: Layout
}

/** One image for each architecture; none for what is no Mach-O file. */
export function readMachO(bytes: Uint8Array): readonly ExecutableImage[] {
  if (bytes.length < 8) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = view.getUint32(0, false)
  if (magic !== fatMagic && magic !== fatMagic64) {
    const thin = readThin(bytes)
    return thin === undefined ? [] : [thin]
  }
  const isWide = magic === fatMagic64
  const entryBytes = isWide ? 32 : 20
  const count = view.getUint32(4, false)
  if (count > maxArchitectures || 8 + count * entryBytes > bytes.length) return []
  return readArchitectures(bytes, view, { count, entryBytes, isWide })
}

/** Those that lie one after the other: overlapping ones would be read again and again, and no linker makes them. */
function readArchitectures(
  bytes: Uint8Array,
  view: DataView,
  table: { readonly count: number; readonly entryBytes: number; readonly isWide: boolean },
): readonly ExecutableImage[] {
  const images: ExecutableImage[] = []
  let end = 8 + table.count * table.entryBytes
  for (let at = 8; at < 8 + table.count * table.entryBytes; at += table.entryBytes) {
    const offset = table.isWide ? readUint64(view, at + 8, false) : view.getUint32(at + 8, false)
    const size = table.isWide ? readUint64(view, at + 16, false) : view.getUint32(at + 12, false)
    if (offset < end || offset > bytes.length) continue
    end = Math.min(offset + size, bytes.length)
    const image = readThin(bytes.subarray(offset, end))
    if (image !== undefined) images.push(image)
  }
  return images
}

function readThin(bytes: Uint8Array): ExecutableImage | undefined {
  if (bytes.length < 32) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isLittle = bytes[3] === 0xfe
  const magic = view.getUint32(0, isLittle)
  if (magic !== 0xfeedface && magic !== 0xfeedfacf) return undefined
  const pointerBytes = magic === 0xfeedfacf ? 8 : 4
  const macho = { view, bytes, isLittle, pointerBytes, layout: layouts[pointerBytes] } as const
  const sections: ExecutableSection[] = []
  const segments: ExecutableSegment[] = []
  const damage = readCommands(macho, sections, segments)
  return {
    format: 'Mach-O',
    isBigEndian: !isLittle,
    pointerBytes,
    bytes,
    sections,
    segments,
    ...(damage !== undefined && { damage }),
  }
}

/** Why not all commands were read; undefined when all were. */
function readCommands(
  macho: MachO,
  sections: ExecutableSection[],
  segments: ExecutableSegment[],
): string | undefined {
  const { view, isLittle, layout } = macho
  const count = view.getUint32(16, isLittle)
  let at = layout.headerBytes
  for (let index = 0; index < count; index += 1) {
    if (index >= maxSegments) return 'has more load commands than are read'
    if (at + 8 > view.byteLength) return 'its load commands lie beyond the end of the file'
    const size = view.getUint32(at + 4, isLittle)
    if (size < 8 || at + size > view.byteLength)
      return 'its load commands lie beyond the end of the file'
    const isSegment = view.getUint32(at, isLittle) === layout.segmentCommand
    if (isSegment && size >= layout.commandBytes) {
      segments.push(segmentAt(macho, at))
      readSections(macho, at, size, sections)
      if (sections.length >= maxSections) return 'has more sections than are read'
    }
    at += size
  }
  return undefined
}

function segmentAt(macho: MachO, at: number): ExecutableSegment {
  const { view, isLittle, pointerBytes, layout } = macho
  const isWritable = (view.getUint32(at + layout.protection, isLittle) & 2) !== 0
  return {
    address: word(macho, at + 24),
    offset: word(macho, at + 24 + 2 * pointerBytes),
    size: word(macho, at + 24 + 3 * pointerBytes),
    isWritable,
  }
}

function readSections(
  macho: MachO,
  command: number,
  commandBytes: number,
  sections: ExecutableSection[],
): void {
  const { view, bytes, isLittle, pointerBytes, layout } = macho
  const room = Math.floor((commandBytes - layout.commandBytes) / layout.sectionBytes)
  const count = Math.min(view.getUint32(command + layout.sectionCount, isLittle), room)
  for (let index = 0; index < count && sections.length < maxSections; index += 1) {
    const at = command + layout.commandBytes + index * layout.sectionBytes
    const offset = view.getUint32(at + 32 + 2 * pointerBytes, isLittle)
    const kind = view.getUint8(at + 32 + 2 * pointerBytes + 16 + (isLittle ? 0 : 3))
    const size = zeroFill.includes(kind) ? 0 : word(macho, at + 32 + pointerBytes)
    sections.push({ name: readName(bytes, at, 16), offset, size })
  }
}

function word({ view, isLittle, pointerBytes }: MachO, at: number): number {
  return pointerBytes === 4 ? view.getUint32(at, isLittle) : readUint64(view, at, isLittle)
}
