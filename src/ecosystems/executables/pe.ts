// Purpose:  find the sections of a Windows program or library.
// Spec:     Microsoft, "PE Format": MS-DOS stub, COFF file header, optional header, section table.
// Input:    bytes of a PE32 or PE32+ file; hostile.
// Deviates: names that are kept in COFF's string table stay as they are (`/4`); none of those looked for is so long.
// Unknowns: a section table that lies outside the file is said as damage; the rest is given.
import {
  maxSections,
  readName,
  readUint64,
  type ExecutableImage,
  type ExecutableSection,
  type ExecutableSegment,
} from './executable-image.ts'

const sectionBytes = 40
const writableFlag = 0x80000000
/** From the signature to the end of the fields that are read of the optional header. */
const headerBytes = 24 + 32

/** Undefined for what is no PE file: programs of DOS have its first letters too. */
export function readPe(bytes: Uint8Array): ExecutableImage | undefined {
  if (bytes[0] !== 0x4d || bytes[1] !== 0x5a || bytes.length < 64) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = view.getUint32(0x3c, true)
  if (start + headerBytes > bytes.length || view.getUint32(start, true) !== 0x4550) return undefined
  const isWide = view.getUint16(start + 24, true) === 0x20b
  const base = isWide ? readUint64(view, start + 48, true) : view.getUint32(start + 52, true)
  const table = start + 24 + view.getUint16(start + 20, true)
  const declared = view.getUint16(start + 6, true)
  const inside = Math.max(0, Math.floor((bytes.length - table) / sectionBytes))
  const count = Math.min(declared, inside, maxSections)
  const { sections, segments } = readSections(bytes, view, { table, count, base })
  return {
    format: 'PE',
    isBigEndian: false,
    pointerBytes: isWide ? 8 : 4,
    bytes,
    sections,
    segments,
    ...(count < declared && { damage: 'its section table lies beyond the end of the file' }),
  }
}

function readSections(
  bytes: Uint8Array,
  view: DataView,
  place: { readonly table: number; readonly count: number; readonly base: number },
): Pick<ExecutableImage, 'sections' | 'segments'> {
  const sections: ExecutableSection[] = []
  const segments: ExecutableSegment[] = []
  for (let index = 0; index < place.count; index += 1) {
    const at = place.table + index * sectionBytes
    const [size, offset] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)]
    const isWritable = (view.getUint32(at + 36, true) & writableFlag) !== 0
    const address = place.base + view.getUint32(at + 12, true)
    sections.push({ name: readName(bytes, at, 8), offset, size })
    segments.push({ address, offset, size, isWritable })
  }
  return { sections, segments }
}
