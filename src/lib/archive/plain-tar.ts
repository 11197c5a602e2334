// Purpose:  write and read tars that hold regular files with short names and nothing else, as a stream of any length.
// Spec:     POSIX.1-2017 pax "ustar Interchange Format"; sizes from 8 GiB on in GNU's base-256.
// Input:    for reading, chunks of any size; may be hostile.
// Deviates: only what the writer here writes is read: links, folders, long names and extensions are refused, not passed over.
// Unknowns: a bad header or an early end → ArchiveError with the offset; nothing is read behind the end marker.
import { ArchiveError } from './archive-error.ts'
import { isZeroBlock, parseTarHeader, tarBlockBytes } from './tar-header.ts'

/** `name` is at most 100 bytes of ASCII. Readable by its owner only when it is unpacked with tar. */
export function plainTarHeader(name: string, size: number): Buffer {
  const block = Buffer.alloc(tarBlockBytes)
  block.write(name, 0, 100, 'latin1')
  block.write('0000600\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  writeSize(block, size)
  block.write('00000000000\0', 136, 'latin1')
  block.write('        ', 148, 'latin1')
  block.write('0', 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function writeSize(block: Buffer, size: number): void {
  if (size < 8 ** 11) {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
    return
  }
  block.writeUInt8(0x80, 124)
  block.writeBigUInt64BE(BigInt(size), 128)
}

/** What follows a file of that many bytes. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes)
}

export function tarEnd(): Buffer {
  return Buffer.alloc(2 * tarBlockBytes)
}

export interface PlainTarEntry {
  /** Bytes as latin1 text; never a path to be used as one. */
  readonly name: string
  readonly size: number
  /** Once. What is not read of it is passed over when the next entry is asked for. */
  readonly bytes: AsyncGenerator<Uint8Array, void>
}

/** The entries in turn, in bounded memory. */
export async function* readPlainTar(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<PlainTarEntry, void> {
  const input = new Pieces(source)
  try {
    for (;;) {
      const block = await input.block()
      if (isZeroBlock(block)) return
      const header = parseTarHeader(block)
      if (typeof header === 'string') throw input.malformed(header)
      if (header.type !== 0x30) throw input.malformed(`${header.name} is no regular file`)
      const bytes = input.next(header.size)
      yield { name: header.name, size: header.size, bytes }
      await drain(bytes)
      await drain(input.next(tarPadding(header.size).byteLength))
    }
  } finally {
    await input.close()
  }
}

async function drain(bytes: AsyncGenerator<Uint8Array, void>): Promise<void> {
  let step = await bytes.next()
  while (step.done !== true) step = await bytes.next()
}

class Pieces {
  readonly #iterator: AsyncIterator<Uint8Array>
  #held: Uint8Array = Buffer.alloc(0)
  #offset = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  async block(): Promise<Buffer> {
    const parts: Uint8Array[] = []
    for await (const piece of this.next(tarBlockBytes)) parts.push(piece)
    return Buffer.concat(parts)
  }

  async *next(size: number): AsyncGenerator<Uint8Array, void> {
    for (let left = size; left > 0;) {
      if (this.#held.byteLength === 0) await this.#fill()
      const piece = this.#held.subarray(0, left)
      this.#held = this.#held.subarray(piece.byteLength)
      this.#offset += piece.byteLength
      left -= piece.byteLength
      yield piece
    }
  }

  malformed(reason: string): ArchiveError {
    return new ArchiveError('malformed', `${reason}, before byte ${this.#offset} of the tar`)
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  async #fill(): Promise<void> {
    while (this.#held.byteLength === 0) {
      const step = await this.#iterator.next()
      if (step.done === true) {
        throw new ArchiveError('truncated', `the tar ends too early, at byte ${this.#offset}`)
      }
      this.#held = step.value
    }
  }
}
