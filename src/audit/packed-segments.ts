// Closed segments in compressed form beside open ones as they are: whoever reads sees the same bytes at the same places.
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import type {
  SegmentAppender,
  SegmentInfo,
  SegmentStore,
} from '../storage/segments/segment-store.ts'
import { parseSegmentName } from './rules/segment-name.ts'
import {
  footerBytes,
  formatSeekTable,
  parseSeekTable,
  seekTableBytes,
  type Frame,
  type SeekTable,
} from './rules/seek-table.ts'

export interface StoredSegment extends SegmentInfo {
  /** What it takes of the disk; while it is being compressed, what it takes as it is. */
  readonly storedBytes: number
  readonly isPacked: boolean
}

/** Sizes and places are those of the text, whatever form it has. */
export interface PackedSegments extends SegmentStore {
  /** Segments of the log alone, in their order. */
  stored(): Promise<readonly StoredSegment[]>
  /**
   * Puts a closed segment's compressed form in its place. At every moment one of the two is whole: the text goes when what was
   * written was read back, found the same, and is on the disk.
   */
  pack(name: string, options: { readonly signal: AbortSignal }): Promise<void>
}

/** Of the text; as much as a search reads at once. */
const frameBytes = 256 * 1024
const suffix = '.zst'
const level = 9

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

export function openPackedSegments(store: SegmentStore): PackedSegments {
  return new PackingStore(store)
}

interface Packed {
  readonly storedBytes: number
  /** Undefined for a file that is none of ours, or not whole: it is shown as it stands, and no line of it will be one of the log. */
  readonly table: SeekTable | undefined
}

class PackingStore implements PackedSegments {
  readonly #store: SegmentStore
  /** By the name of the text; they do not change once they are whole. */
  readonly #tables = new Map<string, Packed>()
  #turn: Promise<void> = Promise.resolve()
  /** The frame that was read last: a reader goes through one after the other. */
  #last: { readonly name: string; readonly index: number; readonly bytes: Buffer } | undefined

  constructor(store: SegmentStore) {
    this.#store = store
  }

  async list(): Promise<readonly SegmentInfo[]> {
    const files = await this.#store.list()
    const others = files.filter(({ name }) => textNameOf(name) === undefined)
    const segments = (await this.#segmentsIn(files)).map(({ name, bytes }) => ({ name, bytes }))
    return [...others, ...segments].toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  async stored(): Promise<readonly StoredSegment[]> {
    return this.#segmentsIn(await this.#store.list())
  }

  async create(name: string): Promise<SegmentAppender> {
    return this.#store.create(name)
  }

  async open(name: string): Promise<SegmentAppender> {
    return this.#store.open(name)
  }

  async remove(name: string): Promise<void> {
    await this.#alone(async () => {
      await this.#forget(name)
      await this.#store.remove(name)
    })
  }

  async read(name: string, offset: number, length: number): Promise<Buffer | undefined> {
    const text = await this.#store.read(name, offset, length)
    if (text !== undefined || parseSegmentName(name) === undefined) return text
    const packed = this.#tables.get(name) ?? (await this.#find(name))
    if (packed === undefined) return undefined
    if (packed.table === undefined) return this.#store.read(name + suffix, offset, length)
    return this.#readFrames(name, packed.table, { offset, length })
  }

  async pack(name: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    await this.#alone(async () => {
      await this.#forget(name)
      const text = (await this.#store.list()).find((one) => one.name === name)
      if (text === undefined || text.bytes === 0) return
      try {
        const expected = await this.#write(name, signal)
        await this.#requireSame(text, expected, signal)
      } catch (error) {
        await this.#forget(name)
        throw error
      }
      await this.#store.remove(name)
    })
  }

  /** What is removed while it is compressed would come back. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const before = this.#turn
    const done = before.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** Gives the SHA-256 of the text. */
  async #write(name: string, signal: AbortSignal): Promise<string> {
    const appender = await this.#store.create(name + suffix)
    try {
      const hash = createHash('sha256')
      const frames: Frame[] = []
      for (let offset = 0; ; offset += frameBytes) {
        signal.throwIfAborted()
        const text = await this.#store.read(name, offset, frameBytes)
        if (text === undefined || text.byteLength === 0) break
        hash.update(text)
        const params = {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: 1,
        }
        const frame = await compress(text, { params })
        await appender.append(frame)
        frames.push({ packedBytes: frame.byteLength, plainBytes: text.byteLength })
      }
      await appender.append(formatSeekTable(frames))
      await appender.sync()
      return hash.digest('hex')
    } finally {
      await appender.close()
    }
  }

  async #requireSame(
    { name, bytes }: SegmentInfo,
    expected: string,
    signal: AbortSignal,
  ): Promise<void> {
    const packed = await this.#find(name)
    const hash = createHash('sha256')
    for (const [index] of packed?.table?.frames.entries() ?? []) {
      signal.throwIfAborted()
      if (packed?.table !== undefined) hash.update(await this.#frame(name, packed.table, index))
    }
    this.#last = undefined
    if (packed?.table?.plainBytes !== bytes || hash.digest('hex') !== expected) {
      throw new Error(`${name} was not the same after it was compressed; it stays as it is`)
    }
  }

  async #forget(name: string): Promise<void> {
    this.#tables.delete(name)
    if (this.#last?.name === name) this.#last = undefined
    await this.#store.remove(name + suffix)
  }

  async #segmentsIn(files: readonly SegmentInfo[]): Promise<readonly StoredSegment[]> {
    const texts = new Map(files.map(({ name, bytes }) => [name, bytes]))
    const found: StoredSegment[] = []
    for (const { name: file, bytes: storedBytes } of files) {
      const name = textNameOf(file)
      if (name === undefined) continue
      const isPacked = file !== name
      // Killed between the two: the text is the one that is surely whole.
      if (isPacked && texts.has(name)) continue
      const table = isPacked ? await this.#tableOf(name, storedBytes) : undefined
      found.push({ name, bytes: table?.plainBytes ?? storedBytes, storedBytes, isPacked })
    }
    return found
  }

  async #find(name: string): Promise<Packed | undefined> {
    const files = await this.#store.list()
    const file = files.find((one) => one.name === name + suffix)
    if (file === undefined) return undefined
    const table = await this.#tableOf(name, file.bytes)
    return { storedBytes: file.bytes, table }
  }

  async #tableOf(name: string, storedBytes: number): Promise<SeekTable | undefined> {
    const known = this.#tables.get(name)
    if (known?.storedBytes === storedBytes) return known.table
    const end = async (bytes: number): Promise<Buffer> =>
      (await this.#store.read(name + suffix, Math.max(0, storedBytes - bytes), bytes)) ??
      Buffer.alloc(0)
    const size = seekTableBytes(await end(footerBytes))
    const table = size === undefined ? undefined : parseSeekTable(await end(size), storedBytes)
    this.#tables.set(name, { storedBytes, table })
    return table
  }

  async #readFrames(
    name: string,
    table: SeekTable,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Promise<Buffer> {
    const parts: Buffer[] = []
    let start = 0
    for (const [index, { plainBytes }] of table.frames.entries()) {
      const end = start + plainBytes
      if (end > offset && start < offset + length) {
        const frame = await this.#frame(name, table, index)
        parts.push(frame.subarray(Math.max(0, offset - start), offset + length - start))
      }
      start = end
    }
    return Buffer.concat(parts)
  }

  /** One that cannot be read is question marks, which are no line of the log: who verifies it is told where. */
  async #frame(name: string, { frames }: SeekTable, index: number): Promise<Buffer> {
    if (this.#last?.name === name && this.#last.index === index) return this.#last.bytes
    const { packedBytes = 0, plainBytes = 0 } = frames[index] ?? {}
    const start = frames.slice(0, index).reduce((sum, frame) => sum + frame.packedBytes, 0)
    const stored = await this.#store.read(name + suffix, start, packedBytes)
    const read = await decompress(stored ?? '', { maxOutputLength: Math.max(1, plainBytes) }).catch(
      () => undefined,
    )
    const bytes = read?.byteLength === plainBytes ? read : Buffer.alloc(plainBytes, '?')
    this.#last = { name, index, bytes }
    return bytes
  }
}

/** The name of the segment that a file holds, in either form; undefined for another file. */
function textNameOf(file: string): string | undefined {
  const name = file.endsWith(suffix) ? file.slice(0, -suffix.length) : file
  return parseSegmentName(name) === undefined ? undefined : name
}
