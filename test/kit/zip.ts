import { crc32, deflateRawSync } from 'node:zlib'

/** A zip archive of files; `claimedSize` makes an entry lie about its length. */
export function zipOf(
  files: readonly {
    readonly name: string
    readonly content: string
    readonly claimedSize?: number
  }[],
): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, claimedSize } of files) {
    const raw = Buffer.from(content)
    const deflated = deflateRawSync(raw)
    const facts = Buffer.alloc(20)
    facts.writeUInt16LE(8, 0)
    facts.writeUInt32LE(crc32(raw), 6)
    facts.writeUInt32LE(deflated.length, 10)
    facts.writeUInt32LE(claimedSize ?? raw.length, 14)
    facts.writeUInt16LE(Buffer.byteLength(name), 18)
    const local = Buffer.concat([
      numbers([0x04034b50, 4], [20, 2], [0, 2]),
      facts,
      numbers([0, 2]),
      Buffer.from(name),
      deflated,
    ])
    bodies.push(local)
    const head = numbers([0x02014b50, 4], [20, 2], [20, 2], [0, 2])
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
