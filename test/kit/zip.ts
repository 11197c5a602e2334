import { crc32, deflateRawSync } from 'node:zlib'

interface ZippedFile {
  readonly name: string
  readonly content: string | Uint8Array
  /** Makes the entry lie about its length. */
  readonly claimedSize?: number
  /** The name in the local header, where it is another. */
  readonly localName?: string
  readonly isStored?: boolean
  readonly isEncrypted?: boolean
}

/** A zip archive of files, true or false as they say. */
export function zipOf(files: readonly ZippedFile[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, claimedSize, localName = name, ...file } of files) {
    const raw = Buffer.from(content)
    const deflated = file.isStored === true ? raw : deflateRawSync(raw)
    const flags = [file.isEncrypted === true ? 1 : 0, 2] as const
    const facts = Buffer.alloc(20)
    facts.writeUInt16LE(file.isStored === true ? 0 : 8, 0)
    facts.writeUInt32LE(crc32(raw), 6)
    facts.writeUInt32LE(deflated.length, 10)
    facts.writeUInt32LE(claimedSize ?? raw.length, 14)
    facts.writeUInt16LE(Buffer.byteLength(name), 18)
    const localFacts = Buffer.from(facts)
    localFacts.writeUInt16LE(Buffer.byteLength(localName), 18)
    const local = Buffer.concat([
      numbers([0x04034b50, 4], [20, 2], flags),
      localFacts,
      numbers([0, 2]),
      Buffer.from(localName),
      deflated,
    ])
    bodies.push(local)
    const head = numbers([0x02014b50, 4], [20, 2], [20, 2], flags)
    const tail = numbers([0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4])
    directory.push(Buffer.concat([head, facts, tail, Buffer.from(name)]))
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const count = files.length
  const end = numbers(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [central.length, 4],
    [offset, 4],
    [0, 2],
  )
  return Buffer.concat([...bodies, central, end])
}

function numbers(...fields: readonly (readonly [value: number, bytes: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([value, bytes]) => {
      const field = Buffer.alloc(bytes)
      field.writeUIntLE(value, 0, bytes)
      return field
    }),
  )
}
