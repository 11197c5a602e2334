// Executables small enough for a test: sections at addresses, in the form of each system, without any code.

export interface BuiltSection {
  readonly name: string
  readonly bytes: Uint8Array
  readonly address?: number
  readonly isReadOnly?: boolean
}

export interface ElfOptions {
  readonly pointerBytes?: 4 | 8
  readonly isBigEndian?: boolean
  /** As `sstrip` leaves it: segments only. */
  readonly hasNoSections?: boolean
}

/** Fields of 2, 4 or 8 bytes, one after the other; those of 8 are addresses, which are as wide as pointers. */
type Field = readonly [bytes: 1 | 2 | 4 | 8, value: number]

function pack(fields: readonly Field[], isBigEndian: boolean): Buffer {
  const out = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0))
  let at = 0
  for (const [bytes, value] of fields) {
    if (bytes === 8) {
      if (isBigEndian) out.writeBigUInt64BE(BigInt(value), at)
      else out.writeBigUInt64LE(BigInt(value), at)
    } else if (isBigEndian) out.writeUIntBE(value, at, bytes)
    else out.writeUIntLE(value, at, bytes)
    at += bytes
  }
  return out
}

function placed(
  sections: readonly BuiltSection[],
  start: number,
): readonly (BuiltSection & { readonly offset: number })[] {
  let offset = start
  return sections.map((section) => {
    offset = Math.ceil(offset / 16) * 16
    const row = { ...section, offset }
    offset += section.bytes.length
    return row
  })
}

function assemble(parts: readonly (readonly [offset: number, bytes: Uint8Array])[]): Buffer {
  const size = Math.max(...parts.map(([offset, bytes]) => offset + bytes.length))
  const out = Buffer.alloc(size)
  for (const [offset, bytes] of parts) out.set(bytes, offset)
  return out
}

/** ELF with one segment and one section header for each section, names in `.shstrtab`. */
export function elfOf(sections: readonly BuiltSection[], options: ElfOptions = {}): Buffer {
  const { pointerBytes = 8, isBigEndian = false, hasNoSections = false } = options
  const isWide = pointerBytes === 8
  const [headerBytes, segmentBytes, sectionBytes] = isWide ? [64, 56, 64] : [52, 32, 40]
  const rows = placed(sections, headerBytes + segmentBytes * sections.length)
  const named = [{ name: '' }, ...rows, { name: '.shstrtab' }]
  const nameAt = (index: number): number =>
    named.slice(0, index).reduce((sum, { name }) => sum + name.length + 1, 0)
  const names = Buffer.from(named.map(({ name }) => `${name}\0`).join(''))
  const last = rows.at(-1)
  const namesAt = last === undefined ? headerBytes : last.offset + last.bytes.length
  const tableAt = Math.ceil((namesAt + names.length) / 16) * 16
  const word = (value: number): Field => [pointerBytes, value]
  const header: Field[] = [
    ...[0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, isBigEndian ? 2 : 1, 1].map((value): Field => [
      1,
      value,
    ]),
    ...Array.from({ length: 9 }, (): Field => [1, 0]),
    ...([[2, 2], [2, 62], [4, 1], word(0), word(headerBytes)] as const),
    ...([word(hasNoSections ? 0 : tableAt), [4, 0], [2, headerBytes]] as const),
    ...([
      [2, segmentBytes],
      [2, rows.length],
      [2, hasNoSections ? 0 : sectionBytes],
    ] as const),
    ...([
      [2, hasNoSections ? 0 : named.length],
      [2, hasNoSections ? 0 : named.length - 1],
    ] as const),
  ]
  const segments = rows.flatMap(({ address = 0, offset, bytes, isReadOnly }): Field[] => {
    const flags: Field = [4, isReadOnly === true ? 4 : 6]
    const size = word(bytes.length)
    return isWide
      ? [[4, 1], flags, word(offset), word(address), word(address), size, size, word(16)]
      : [[4, 1], word(offset), word(address), word(address), size, size, flags, word(16)]
  })
  const section = (index: number, kind: number, place: readonly number[]): Field[] => {
    const [address = 0, offset = 0, size = 0] = place
    return [
      ...([
        [4, nameAt(index)],
        [4, kind],
        word(2),
        word(address),
        word(offset),
        word(size),
      ] as const),
      ...([[4, 0], [4, 0], word(16), word(0)] as const),
    ]
  }
  const table = [
    ...section(0, 0, []),
    ...rows.flatMap(({ address = 0, offset, bytes }, index) =>
      section(index + 1, 1, [address, offset, bytes.length]),
    ),
    ...section(named.length - 1, 3, [0, namesAt, names.length]),
  ]
  return assemble([
    [0, pack(header, isBigEndian)],
    [headerBytes, pack(segments, isBigEndian)],
    ...rows.map(({ offset, bytes }) => [offset, bytes] as const),
    ...(hasNoSections
      ? []
      : ([
          [namesAt, names],
          [tableAt, pack(table, isBigEndian)],
        ] as const)),
  ])
}

/** PE32+; addresses are counted from the image base 0x400000. */
export function peOf(sections: readonly BuiltSection[]): Buffer {
  const base = 0x400000
  const start = 0x80
  const table = start + 24 + 112
  const rows = placed(sections, table + 40 * sections.length)
  const dos = Buffer.alloc(start)
  dos.write('MZ')
  dos.writeUInt32LE(start, 0x3c)
  const header: Field[] = [
    ...([
      [4, 0x4550],
      [2, 0x8664],
      [2, rows.length],
      [4, 0],
      [4, 0],
      [4, 0],
    ] as const),
    ...([
      [2, 112],
      [2, 0x22],
      [2, 0x20b],
      [2, 0],
      [4, 0],
      [4, 0],
      [4, 0],
      [4, 0],
      [4, 0],
    ] as const),
    [8, base],
  ]
  const headers = rows.map(({ name, address = base, bytes, offset, isReadOnly }) => {
    const row = Buffer.alloc(40)
    row.write(name.slice(0, 8), 'latin1')
    row.writeUInt32LE(bytes.length, 8)
    row.writeUInt32LE(address - base, 12)
    row.writeUInt32LE(bytes.length, 16)
    row.writeUInt32LE(offset, 20)
    row.writeUInt32LE(isReadOnly === true ? 0x40000040 : 0xc0000040, 36)
    return row
  })
  return assemble([
    [0, dos],
    [start, pack(header, false)],
    [table, Buffer.concat([Buffer.alloc(0), ...headers])],
    ...rows.map(({ offset, bytes }) => [offset, bytes] as const),
  ])
}

/** One segment `__DATA` for each section. */
export function machOOf(
  sections: readonly BuiltSection[],
  { pointerBytes = 8, isBigEndian = false }: ElfOptions = {},
): Buffer {
  const isWide = pointerBytes === 8
  const [headerBytes, commandBytes, sectionBytes] = isWide ? [32, 72, 80] : [28, 56, 68]
  const size = commandBytes + sectionBytes
  const rows = placed(sections, headerBytes + size * sections.length)
  const word = (value: number): Field => [pointerBytes, value]
  const text = (value: string): Field[] =>
    [...Buffer.from(value.padEnd(16, '\0').slice(0, 16))].map((byte): Field => [1, byte])
  const header: Field[] = [
    ...([
      [4, isWide ? 0xfeedfacf : 0xfeedface],
      [4, 7],
      [4, 3],
      [4, 2],
    ] as const),
    ...([
      [4, rows.length],
      [4, size * rows.length],
      [4, 0],
    ] as const),
    ...(isWide ? ([[4, 0]] as const) : []),
  ]
  const commands = rows.flatMap(({ name, address = 0, offset, bytes, isReadOnly }): Field[] => {
    const [at, length] = [word(address), word(bytes.length)]
    const protection: Field = [4, isReadOnly === true ? 1 : 3]
    return [
      ...([
        [4, isWide ? 0x19 : 1],
        [4, size],
      ] as const),
      ...text('__DATA'),
      ...([at, length, word(offset), length, protection, protection, [4, 1], [4, 0]] as const),
      ...text(name),
      ...text('__DATA'),
      ...([at, length, [4, offset], [4, 4], [4, 0], [4, 0], [4, 0], [4, 0], [4, 0]] as const),
      ...(isWide ? ([[4, 0]] as const) : []),
    ]
  })
  return assemble([
    [0, pack(header, isBigEndian)],
    [headerBytes, pack(commands, isBigEndian)],
    ...rows.map(({ offset, bytes }) => [offset, bytes] as const),
  ])
}

/** Mach-O images of several architectures in one file. */
export function fatOf(images: readonly Uint8Array[]): Buffer {
  const rows = placed(
    images.map((bytes) => ({ name: '', bytes })),
    8 + 20 * images.length,
  )
  const table = rows.flatMap(({ offset, bytes }, index): Field[] => [
    ...([
      [4, 7 + index],
      [4, 3],
      [4, offset],
      [4, bytes.length],
      [4, 4],
    ] as const),
  ])
  return assemble([
    [0, pack([[4, 0xcafebabe], [4, images.length], ...table], true)],
    ...rows.map(({ offset, bytes }) => [offset, bytes] as const),
  ])
}
