// A tar writer for tests that writes whatever it is told, hostile or not.

export interface TarSpec {
  /** Bytes as latin1 text. */
  readonly name: string
  /** Type flag, '0' when absent. */
  readonly type?: string
  readonly content?: Uint8Array | string
  readonly linkName?: string
  readonly mode?: number
  /** What the header says, where it is to differ from the content's length. */
  readonly size?: number
  readonly format?: 'ustar' | 'gnu' | 'v7'
  readonly prefix?: string
  /** Written over the finished header, before its checksum: offset → bytes as latin1 text. */
  readonly overwrite?: Readonly<Record<number, string>>
  readonly checksum?: string
  /** Size in base-256 instead of octal. */
  readonly isBase256?: boolean
}

/** An archive with its end marker. */
export function tar(...entries: readonly (TarSpec | Buffer)[]): Buffer {
  return Buffer.concat([unendedTar(...entries), Buffer.alloc(1024)])
}

export function unendedTar(...entries: readonly (TarSpec | Buffer)[]): Buffer {
  return Buffer.concat(entries.map((entry) => (Buffer.isBuffer(entry) ? entry : tarEntry(entry))))
}

/** Header, content, padding. */
export function tarEntry(spec: TarSpec): Buffer {
  const content = Buffer.from(spec.content ?? '')
  return Buffer.concat([tarHeader(spec, content.length), padded(content)])
}

export function file(name: string, content: Uint8Array | string = ''): TarSpec {
  return { name, content }
}

export function folder(name: string): TarSpec {
  return { name: `${name}/`, type: '5', mode: 0o755 }
}

export function symlink(name: string, linkName: string): TarSpec {
  return { name, type: '2', linkName }
}

export function hardlink(name: string, linkName: string): TarSpec {
  return { name, type: '1', linkName }
}

/** A pax header for the entry that follows ('x') or for all ('g'). Values are bytes as latin1 text. */
export function pax(
  records: readonly (readonly [string, string])[],
  type: 'x' | 'g' = 'x',
): TarSpec {
  const content = records.map(([key, value]) => paxRecord(key, value)).join('')
  return { name: 'PaxHeaders/0', type, content: Buffer.from(content, 'latin1') }
}

export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length
  return `${length}${rest}`
}

/** GNU's long name ('L') or long link target ('K') of the entry that follows. */
export function gnuLong(type: 'L' | 'K', text: string): TarSpec {
  return {
    name: '././@LongLink',
    type,
    format: 'gnu',
    content: Buffer.from(`${text}\0`, 'latin1'),
  }
}

export function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

function tarHeader(spec: TarSpec, contentBytes: number): Buffer {
  const block = Buffer.alloc(512)
  const size = spec.size ?? contentBytes
  block.write(spec.name, 0, 100, 'latin1')
  block.write(octal(spec.mode ?? 0o644, 8), 100, 'latin1')
  block.write(octal(0, 8), 108, 'latin1')
  block.write(octal(0, 8), 116, 'latin1')
  if (spec.isBase256 === true) writeBase256(block, size)
  else block.write(octal(size, 12), 124, 'latin1')
  block.write(octal(0, 12), 136, 'latin1')
  block.write(spec.type ?? '0', 156, 1, 'latin1')
  block.write(spec.linkName ?? '', 157, 100, 'latin1')
  block.write(magics[spec.format ?? 'ustar'], 257, 'latin1')
  block.write(spec.prefix ?? '', 345, 155, 'latin1')
  for (const [offset, text] of Object.entries(spec.overwrite ?? {}))
    block.write(text, Number(offset), 'latin1')
  block.write(spec.checksum ?? checksumOf(block), 148, 8, 'latin1')
  return block
}

const magics = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '' } as const

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`
}

function writeBase256(block: Buffer, size: number): void {
  block.writeUInt8(0x80, 124)
  block.writeBigUInt64BE(BigInt(size), 128)
}

function checksumOf(block: Buffer): string {
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  return `${sum.toString(8).padStart(6, '0')}\0 `
}
