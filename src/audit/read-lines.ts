import type { SegmentStore } from '../storage/segments/segment-store.ts'
import { maxLineBytes } from './rules/chain.ts'

/** One line of a file, without its line feed. */
export interface FoundLine {
  readonly bytes: Buffer
  readonly file: string
  /** 1-based. */
  readonly number: number
  /** Where it begins in the file. */
  readonly offset: number
  /** Whether a line feed ends it: the last line of a file may be torn. */
  readonly isWhole: boolean
}

const pieceBytes = 256 * 1024
const lineFeed = 10

/** The lines of a file that comes in pieces; one that is longer than any record comes in parts that are not whole. */
export async function* linesOfPieces(
  file: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<FoundLine, void> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  let offset = 0
  const found = (bytes: Buffer, isWhole: boolean): FoundLine => {
    number += 1
    const line = { bytes, file, number, offset, isWhole }
    offset += bytes.byteLength + (isWhole ? 1 : 0)
    return line
  }
  for await (const piece of pieces) {
    let buffer = rest.byteLength === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece])
    for (let end = buffer.indexOf(lineFeed); end !== -1; end = buffer.indexOf(lineFeed)) {
      yield found(buffer.subarray(0, end), true)
      buffer = buffer.subarray(end + 1)
    }
    rest = buffer
    if (rest.byteLength <= maxLineBytes) continue
    yield found(rest, false)
    rest = Buffer.alloc(0)
  }
  if (rest.byteLength > 0) yield found(rest, false)
}

/** A segment's bytes up to `end`; nothing when it is gone. */
export async function* piecesOfSegment(
  store: SegmentStore,
  name: string,
  end: number,
): AsyncGenerator<Buffer, void> {
  for (let offset = 0; offset < end;) {
    const piece = await store.read(name, offset, Math.min(pieceBytes, end - offset))
    if (piece === undefined || piece.byteLength === 0) return
    yield piece
    offset += piece.byteLength
  }
}
