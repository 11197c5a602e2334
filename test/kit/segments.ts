// Segments of an audit log in memory, with a disk that can be told to fill up, and a log on them.
import { zstdDecompressSync } from 'node:zlib'
import { AuditLog, type AuditLogDeps } from '../../src/audit/audit-log.ts'
import { openPackedSegments } from '../../src/audit/packed-segments.ts'
import { footerBytes, parseSeekTable, seekTableBytes } from '../../src/audit/rules/seek-table.ts'
import type { RemovedSegments } from '../../src/audit/segment-writer.ts'
import type { SegmentAppender, SegmentStore } from '../../src/storage/segments/segment-store.ts'
import { StorageFullError } from '../../src/storage/storage-full.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'

export interface MemorySegments extends SegmentStore {
  readonly files: Map<string, Buffer>
  /** There is no room for what is appended. */
  isFull: boolean
  /** The disk fails in another way. */
  isFailing: boolean
  syncs: number
}

export function memorySegments(files = new Map<string, Buffer>()): MemorySegments {
  const store: MemorySegments = {
    files,
    isFull: false,
    isFailing: false,
    syncs: 0,
    list: async () =>
      Promise.resolve(
        [...files]
          .map(([name, { byteLength: bytes }]) => ({ name, bytes }))
          .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      ),
    async create(name) {
      if (store.isFull) throw new StorageFullError({ cause: undefined })
      if (files.has(name)) throw new Error(`${name} is there`)
      files.set(name, Buffer.alloc(0))
      return Promise.resolve(appenderOf(store, name))
    },
    open: async (name) => Promise.resolve(appenderOf(store, name)),
    read: async (name, offset, length) =>
      Promise.resolve(files.get(name)?.subarray(offset, offset + length)),
    remove: async (name) => Promise.resolve(void files.delete(name)),
  }
  return store
}

function appenderOf(store: MemorySegments, name: string): SegmentAppender {
  const content = (): Buffer => store.files.get(name) ?? Buffer.alloc(0)
  return {
    name,
    get bytes() {
      return content().byteLength
    },
    async append(bytes) {
      if (store.isFull) throw new StorageFullError({ cause: undefined })
      if (store.isFailing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      store.files.set(name, Buffer.concat([content(), bytes]))
      return Promise.resolve()
    },
    async sync() {
      store.syncs += 1
      return Promise.resolve()
    },
    async truncate(bytes) {
      store.files.set(name, content().subarray(0, bytes))
      return Promise.resolve()
    },
    close: async () => Promise.resolve(),
  }
}

export const auditKey = Buffer.alloc(32, 7)

export interface TestLog {
  readonly log: AuditLog
  readonly segments: MemorySegments
  readonly clock: FakeClock
  readonly faults: unknown[]
  readonly removed: RemovedSegments[]
}

export async function testLog(
  change: Partial<AuditLogDeps['settings']> & {
    readonly segments?: MemorySegments
    readonly clock?: FakeClock
    readonly key?: Uint8Array
  } = {},
): Promise<TestLog> {
  const { segments = memorySegments(), clock = fakeClock(), key = auditKey, ...settings } = change
  const faults: unknown[] = []
  const removed: RemovedSegments[] = []
  const log = await AuditLog.open({
    segments: openPackedSegments(segments),
    clock,
    key,
    onFault: (error) => faults.push(error),
    onRecovered: () => undefined,
    onRemoved: (one) => removed.push(one),
    onUnpacked: (error) => faults.push(error),
    settings: {
      isRequired: true,
      keepDays: undefined,
      maxBytes: undefined,
      atMax: 'refuse',
      maxSegmentBytes: 1024 * 1024,
      ...settings,
    },
  })
  return { log, segments, clock, faults, removed }
}

/** A record of nothing in particular. */
export function sampleRecord(number: number): string {
  return JSON.stringify({ eventVersion: '1.11', eventID: `event-${number}`, pratique: { number } })
}

/** Every line there is, in the log's order, whatever form its segment has. */
export function linesOf({ files }: MemorySegments): readonly string[] {
  return [...files]
    .filter(([name]) => !(name.endsWith('.zst') && files.has(name.slice(0, -4))))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, bytes]) =>
      (name.endsWith('.zst') ? unpack(bytes) : bytes.toString()).trimEnd().split('\n'),
    )
}

function unpack(bytes: Buffer): string {
  const size = seekTableBytes(bytes.subarray(-footerBytes)) ?? 0
  const table = parseSeekTable(bytes.subarray(-size), bytes.byteLength)
  let end = 0
  const texts = (table?.frames ?? []).map(({ packedBytes }) => {
    end += packedBytes
    return zstdDecompressSync(bytes.subarray(end - packedBytes, end)).toString()
  })
  return texts.join('')
}
