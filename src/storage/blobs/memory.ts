import { Readable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import type { BlobStore, StorageKey } from './blob-store.ts'

/** A real driver for tests: same behaviour as the others, proved by the same suite. */
export function openMemoryBlobs(clock: Clock): BlobStore {
  const kept = new Map<StorageKey, { bytes: Buffer; writtenAt: Date }>()
  return {
    async write(key, offset, source) {
      const held = kept.get(key)?.bytes ?? Buffer.alloc(0)
      if (held.byteLength < offset) throw new Error(`no ${offset} bytes under ${key}`)
      const pieces = [held.subarray(0, offset)]
      kept.set(key, { bytes: Buffer.concat(pieces), writtenAt: clock.now() })
      try {
        for await (const piece of source) {
          pieces.push(Buffer.from(piece))
          kept.set(key, { bytes: Buffer.concat(pieces), writtenAt: clock.now() })
        }
      } catch (error) {
        kept.set(key, { bytes: held.subarray(0, offset), writtenAt: clock.now() })
        throw error
      }
      return kept.get(key)?.bytes.byteLength ?? 0
    },
    async sync(key) {
      if (!kept.has(key)) throw new Error(`nothing under ${key}`)
      return Promise.resolve()
    },
    size: async (key) => Promise.resolve(kept.get(key)?.bytes.byteLength),
    async read(key, range) {
      const held = kept.get(key)
      if (held === undefined) throw new Error(`nothing under ${key}`)
      const part =
        range === undefined ? held.bytes : held.bytes.subarray(range.start, range.end + 1)
      return Promise.resolve(Readable.from([part]))
    },
    async open(key) {
      const held = kept.get(key)
      if (held === undefined) throw new Error(`nothing under ${key}`)
      const { bytes } = held
      return Promise.resolve({
        read: async (into: Uint8Array, position: number) =>
          Promise.resolve(bytes.copy(into, 0, position)),
        close: async () => Promise.resolve(),
      })
    },
    async delete(key) {
      kept.delete(key)
      return Promise.resolve()
    },
    async *list(prefix = '') {
      for (const key of [...kept.keys()].toSorted()) {
        const writtenAt = kept.get(key)?.writtenAt
        if (writtenAt !== undefined && key.startsWith(prefix)) yield { key, writtenAt }
      }
      await Promise.resolve()
    },
    space: async () =>
      Promise.resolve({
        freeBytes: Number.MAX_SAFE_INTEGER,
        totalBytes: Number.MAX_SAFE_INTEGER,
      }),
    probe: async () => Promise.resolve(),
  }
}
