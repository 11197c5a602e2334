// Purpose:  a long list as bytes that are made and read a part at a time.
// Spec:     none; the byte 01, then for each part its length as 32 bits, the lowest byte first, and so many bytes: zstd of JSON.
// Input:    rows that JSON can say, and bytes that were made of them. Bytes of the time before are one part without a head: zstd
//           begins with 28 (RFC 8878, 3.1.1), so that they are told apart.
// Deviates: nothing.
// Unknowns: bytes that end within a part, or are no list, are refused.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** About a millisecond each. */
export const rowsInChunk = 1000
const mark = 1
const lengthBytes = 4

/** A part at a time; put together they are the bytes to keep. */
export function* packRows(rows: readonly unknown[]): Generator<Uint8Array> {
  yield Uint8Array.of(mark)
  for (let start = 0; start < rows.length; start += rowsInChunk) {
    const part = zstdCompressSync(JSON.stringify(rows.slice(start, start + rowsInChunk)))
    const length = Buffer.alloc(lengthBytes)
    length.writeUInt32LE(part.length)
    yield length
    yield part
  }
}

/** The rows of one part after another. */
export function* unpackRows(packed: Uint8Array): Generator<readonly unknown[]> {
  if (packed[0] !== mark) {
    yield rowsOf(packed)
    return
  }
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let at = 1; at < bytes.length;) {
    if (at + lengthBytes > bytes.length) throw new Error('packed rows end within a part')
    const end = at + lengthBytes + bytes.readUInt32LE(at)
    if (end > bytes.length) throw new Error('packed rows end within a part')
    yield rowsOf(bytes.subarray(at + lengthBytes, end))
    at = end
  }
}

function rowsOf(part: Uint8Array): readonly unknown[] {
  const rows: unknown = JSON.parse(zstdDecompressSync(part).toString())
  if (!Array.isArray(rows)) throw new Error('packed rows are no list')
  return rows
}
