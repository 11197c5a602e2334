// Purpose:  where the frames of a compressed segment are, so that any part of it is read without the rest.
// Spec:     Zstandard Seekable Format 0.1.0 (facebook/zstd, contrib/seekable_format); RFC 8878 section 3.1.2 (skippable frames).
// Input:    the last bytes of a file as found, and its length; may be hostile.
// Deviates: tables with checksums are not read: each frame has its own.
// Unknowns: a table that is cut off, does not cover the file or promises more than a segment holds → undefined.

export interface Frame {
  readonly packedBytes: number
  readonly plainBytes: number
}

export interface SeekTable {
  readonly frames: readonly Frame[]
  /** Of all frames. */
  readonly plainBytes: number
}

const skippableMagic = 0x184d2a5e
const seekableMagic = 0x8f92eab1
const headBytes = 8
const entryBytes = 8
/** What a reader looks for first, at the end of the file. */
export const footerBytes = 9
/** A frame is decompressed whole. */
export const maxFrameBytes = 1024 * 1024
const maxFrames = 100_000

/** A skippable frame, which every other decoder leaves out. */
export function formatSeekTable(frames: readonly Frame[]): Buffer {
  const bytes = Buffer.alloc(headBytes + frames.length * entryBytes + footerBytes)
  bytes.writeUInt32LE(skippableMagic, 0)
  bytes.writeUInt32LE(bytes.byteLength - headBytes, 4)
  for (const [index, { packedBytes, plainBytes }] of frames.entries()) {
    bytes.writeUInt32LE(packedBytes, headBytes + index * entryBytes)
    bytes.writeUInt32LE(plainBytes, headBytes + index * entryBytes + 4)
  }
  const footer = bytes.byteLength - footerBytes
  bytes.writeUInt32LE(frames.length, footer)
  bytes.writeUInt8(0, footer + 4)
  bytes.writeUInt32LE(seekableMagic, footer + 5)
  return bytes
}

/** How many bytes at the end of a file the table takes, by the last `footerBytes` of it. */
export function seekTableBytes(footer: Uint8Array): number | undefined {
  if (footer.byteLength !== footerBytes) return undefined
  const view = Buffer.from(footer)
  const count = view.readUInt32LE(0)
  const isTable = view.readUInt32LE(5) === seekableMagic && view.readUInt8(4) === 0
  return isTable && count <= maxFrames ? headBytes + count * entryBytes + footerBytes : undefined
}

/** The table in the last bytes of a file of so many. */
export function parseSeekTable(table: Uint8Array, fileBytes: number): SeekTable | undefined {
  const view = Buffer.from(table)
  const size = seekTableBytes(view.subarray(-footerBytes))
  if (size !== view.byteLength || view.readUInt32LE(0) !== skippableMagic) return undefined
  if (view.readUInt32LE(4) !== size - headBytes) return undefined
  const frames: Frame[] = []
  let [packed, plain] = [0, 0]
  for (let at = headBytes; at < size - footerBytes; at += entryBytes) {
    const frame = { packedBytes: view.readUInt32LE(at), plainBytes: view.readUInt32LE(at + 4) }
    if (frame.plainBytes > maxFrameBytes) return undefined
    frames.push(frame)
    packed += frame.packedBytes
    plain += frame.plainBytes
  }
  return packed + size === fileBytes ? { frames, plainBytes: plain } : undefined
}
