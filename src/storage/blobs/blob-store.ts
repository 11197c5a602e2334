import type { Readable } from 'node:stream'

declare const brand: unique symbol
/** An opaque name of stored bytes: 32 hex digits, never derived from content, never used twice. */
export type StorageKey = string & { readonly [brand]: 'StorageKey' }

export function newStorageKey(random: { bytes(size: number): Buffer }): StorageKey {
  return random.bytes(16).toString('hex') as StorageKey
}

export function parseStorageKey(text: string): StorageKey | undefined {
  return /^[0-9a-f]{32}$/.test(text) ? (text as StorageKey) : undefined
}

/** A byte range [start, end], both inclusive as in HTTP. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Stored bytes held open: they can be read to the end even when the key is deleted meanwhile. */
export interface OpenBytes {
  /** Reads at `position` into the buffer; the number of bytes read, 0 only at the end. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Must follow, once no read is under way. */
  close(): Promise<void>
}

/**
 * Keeps bytes under opaque keys and knows nothing else: no digests, no repositories, no locking.
 * The database says which keys mean something; a key without a row is garbage.
 */
export interface BlobStore {
  /**
   * Writes the stream at `offset`, cutting what lay behind it, and resolves to the new length. A piece is not used any more
   * once the next one is asked for.
   * On failure (the source ends with an error; StorageFullError) rejects; bytes before `offset` are untouched, those behind are cut.
   * Rejects without writing when fewer than `offset` bytes are there: what was acknowledged is gone.
   */
  write(key: StorageKey, offset: number, source: AsyncIterable<Uint8Array>): Promise<number>
  /** Makes everything written so far survive a power loss; must be awaited before a row names the key. */
  sync(key: StorageKey): Promise<void>
  /** Bytes held under the key, or undefined. */
  size(key: StorageKey): Promise<number | undefined>
  /** The whole or one range; rejects before the first byte when the key is absent. */
  read(key: StorageKey, range?: ByteRange): Promise<Readable>
  /** For readers that bring their own buffers; rejects when the key is absent. */
  open(key: StorageKey): Promise<OpenBytes>
  /** Idempotent. */
  delete(key: StorageKey): Promise<void>
  /** Keys in order, with the time they were last written; those that begin with `prefix` (two hex digits) only, if it is given. */
  list(prefix?: string): AsyncIterable<{ readonly key: StorageKey; readonly writtenAt: Date }>
  /** What the store can still take, and what it could take if it were empty; in bytes. */
  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>
  /** Resolves when the store can take writes, else rejects with the reason. */
  probe(): Promise<void>
}
