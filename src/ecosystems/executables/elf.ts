// Purpose:  find the sections and segments of an ELF file.
// Spec:     System V gABI, "Object Files": ELF header, section header, program header.
// Input:    bytes of a program or library of 32 or 64 bits and either byte order; hostile.
// Deviates: nothing; files without a section table (sstrip) have segments only.
// Unknowns: a table that lies outside the file, or is longer than what is read, is said as damage; the rest is given.
import {
  maxSections,
  maxSegments,
  readName,
  readUint64,
  type ExecutableImage,
  type ExecutableSection,
  type ExecutableSegment,
} from './executable-image.ts'

interface Table {
  readonly offset: number
  readonly entryBytes: number
  readonly count: number
}

/** Where the fields lie, by the width of addresses. */
interface Layout {
  readonly headerBytes: number
  readonly programTable: readonly [offset: number, entryBytes: number, count: number]
  readonly sectionTable: readonly [offset: number, entryBytes: number, count: number]
  readonly namesIndex: number
  readonly segment: Readonly<
    Record<'flags' | 'offset' | 'address' | 'fileBytes' | 'length', number>
  >
  readonly section: Readonly<Record<'offset' | 'size' | 'link' | 'length', number>>
}

const layouts: Readonly<Record<4 | 8, Layout>> = {
  4: {
    headerBytes: 52,
    programTable: [28, 42, 44],
    sectionTable: [32, 46, 48],
    namesIndex: 50,
    segment: { flags: 24, offset: 4, address: 8, fileBytes: 16, length: 32 },
    section: { offset: 16, size: 20, link: 24, length: 40 },
  },
  8: {
    headerBytes: 64,
    programTable: [32, 54, 56],
    sectionTable: [40, 58, 60],
    namesIndex: 62,
    segment: { flags: 4, offset: 8, address: 16, fileBytes: 32, length: 56 },
    section: { offset: 24, size: 32, link: 40, length: 64 },
  },
}

const loadable = 1
const writableFlag = 2
const noBits = 8
/** The real value of a field of 16 bits stands in the first section. */
const isElsewhere = 0xffff

interface Elf {
  readonly view: DataView
  readonly bytes: Uint8Array
  readonly isLittle: boolean
  readonly layout: Layout
  readonly word: (at: number) => number
}

/** Undefined for what is no ELF file, or shorter than its header. */
export function readElf(bytes: Uint8Array): ExecutableImage | undefined {
  const kind = kindOf(bytes)
  if (kind === undefined) return undefined
  const { pointerBytes, isLittle } = kind
  const layout = layouts[pointerBytes]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (at: number): number =>
    pointerBytes === 4 ? view.getUint32(at, isLittle) : readUint64(view, at, isLittle)
  const elf: Elf = { view, bytes, isLittle, layout, word }
  const segments = readSegments(elf)
  const sections = readSections(elf)
  const damage = segments.damage ?? sections.damage
  return {
    format: 'ELF',
    isBigEndian: !isLittle,
    pointerBytes,
    bytes,
    segments: segments.rows,
    sections: sections.rows,
    ...(damage !== undefined && { damage }),
  }
}

/** By the first six bytes; undefined also for a file shorter than its header. */
function kindOf(
  bytes: Uint8Array,
): { readonly pointerBytes: 4 | 8; readonly isLittle: boolean } | undefined {
  const [width, order] = [bytes[4], bytes[5]]
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '\x7fELF') return undefined
  if ((width !== 1 && width !== 2) || (order !== 1 && order !== 2)) return undefined
  const pointerBytes = width === 1 ? 4 : 8
  if (bytes.length < layouts[pointerBytes].headerBytes) return undefined
  return { pointerBytes, isLittle: order === 1 }
}

interface Rows<T> {
  readonly rows: readonly T[]
  readonly damage?: string
}

function readSegments(elf: Elf): Rows<ExecutableSegment> {
  const table = tableAt(elf, elf.layout.programTable)
  const { segment } = elf.layout
  const { count, damage } = fit(elf, table, segment.length, maxSegments, 'program headers')
  const rows: ExecutableSegment[] = []
  for (let index = 0; index < count; index += 1) {
    const at = table.offset + index * table.entryBytes
    if (elf.view.getUint32(at, elf.isLittle) !== loadable) continue
    const isWritable = (elf.view.getUint32(at + segment.flags, elf.isLittle) & writableFlag) !== 0
    const [address, offset] = [elf.word(at + segment.address), elf.word(at + segment.offset)]
    rows.push({ address, offset, size: elf.word(at + segment.fileBytes), isWritable })
  }
  return { rows, ...(damage !== undefined && { damage }) }
}

function readSections(elf: Elf): Rows<ExecutableSection> {
  const declared = tableAt(elf, elf.layout.sectionTable)
  const { section } = elf.layout
  if (declared.offset === 0) return { rows: [] }
  const first = { ...declared, count: 1 }
  const readable = fit(elf, first, section.length, 1, 'section headers')
  if (readable.count === 0)
    return { rows: [], ...(readable.damage !== undefined && { damage: readable.damage }) }
  const total = declared.count === 0 ? elf.word(first.offset + section.size) : declared.count
  const table = { ...declared, count: total }
  const { count, damage } = fit(elf, table, section.length, maxSections, 'section headers')
  const names = namesOf(elf, table, count)
  const rows: ExecutableSection[] = []
  for (let index = 0; index < count; index += 1) {
    const at = table.offset + index * table.entryBytes
    const hasBytes = elf.view.getUint32(at + 4, elf.isLittle) !== noBits
    const name = readName(elf.bytes, names + elf.view.getUint32(at, elf.isLittle))
    const size = hasBytes ? elf.word(at + section.size) : 0
    rows.push({ name, offset: elf.word(at + section.offset), size })
  }
  return { rows, ...(damage !== undefined && { damage }) }
}

/** Where the names of sections begin; beyond the end of the file, where every name is empty, if nowhere. */
function namesOf(elf: Elf, table: Table, count: number): number {
  const declared = elf.view.getUint16(elf.layout.namesIndex, elf.isLittle)
  const index =
    declared === isElsewhere
      ? elf.view.getUint32(table.offset + elf.layout.section.link, elf.isLittle)
      : declared
  if (index >= count) return elf.bytes.length
  return elf.word(table.offset + index * table.entryBytes + elf.layout.section.offset)
}

function tableAt(elf: Elf, [offset, entryBytes, count]: Layout['programTable']): Table {
  return {
    offset: elf.word(offset),
    entryBytes: elf.view.getUint16(entryBytes, elf.isLittle),
    count: elf.view.getUint16(count, elf.isLittle),
  }
}

/** How many entries can be read, and why not all. */
function fit(
  elf: Elf,
  { offset, entryBytes, count }: Table,
  least: number,
  most: number,
  what: string,
): { readonly count: number; readonly damage?: string } {
  if (count === 0) return { count: 0 }
  if (entryBytes < least) return { count: 0, damage: `its ${what} are shorter than they can be` }
  const inside = Math.max(0, Math.floor((elf.bytes.length - offset) / entryBytes))
  if (inside < count) return { count: inside, damage: `its ${what} lie beyond the end of the file` }
  return count > most ? { count: most, damage: `has more ${what} than are read` } : { count }
}
