// Purpose:  read the tags of one package's header.
// Spec:     rpm, "RPM v4 Header format": index entries of 16 bytes and a store, big-endian; types and regions.
// Input:    a blob of a package database; hostile: each tag is read once, and no further than the store reaches.
// Deviates: where an entry repeats a tag, the last holds: those after the region were added at installation and replace its own.
// Unknowns: an entry that reaches beyond the store, or is of another type than the tag, is absent.
import { viewOf } from './blobs.ts'

export interface Header {
  /** The first text of the tag. */
  text(tag: number): string | undefined
  texts(tag: number): readonly string[]
  numbers(tag: number): readonly number[]
}

/** rpm's own limits: RPMDB headers have no lead, and at most so many entries and bytes. */
const [maxEntries, maxBytes] = [65_535, 256 * 1024 * 1024]
const [introBytes, entryBytes] = [8, 16]
/** A package of the largest kind (kernel sources, TeX) has some 100,000 files. */
const maxValues = 500_000
const [int16, int32, text, textArray, translatedText] = [3, 4, 6, 8, 9]

interface Entry {
  readonly type: number
  readonly offset: number
  readonly count: number
}

/** The header, or why the blob is none. */
export function openHeader(blob: Uint8Array): Header | string {
  if (blob.length < introBytes) return 'a header is shorter than its beginning'
  const view = viewOf(blob)
  const [entries, length] = [view.getUint32(0), view.getUint32(4)]
  if (entries === 0 || entries > maxEntries || length > maxBytes)
    return `a header says that it has ${entries} entries and ${length} bytes`
  const start = introBytes + entries * entryBytes
  if (start + length > blob.length) return 'a header is cut off'
  const index = readIndex(view, entries)
  const store = blob.subarray(start, start + length)
  return {
    text: (tag) => readTexts(store, index.get(tag), 1)[0],
    texts: (tag) => readTexts(store, index.get(tag), maxValues),
    numbers: (tag) => readNumbers(viewOf(store), index.get(tag)),
  }
}

function readIndex(view: DataView, entries: number): ReadonlyMap<number, Entry> {
  const index = new Map<number, Entry>()
  for (let at = introBytes; at < introBytes + entries * entryBytes; at += entryBytes) {
    index.set(view.getUint32(at), {
      type: view.getUint32(at + 4),
      offset: view.getUint32(at + 8),
      count: view.getUint32(at + 12),
    })
  }
  return index
}

function readTexts(store: Uint8Array, entry: Entry | undefined, most: number): readonly string[] {
  if (entry === undefined || ![text, textArray, translatedText].includes(entry.type)) return []
  const values: string[] = []
  const count = Math.min(entry.type === text ? 1 : entry.count, most)
  for (let at = entry.offset; values.length < count && at < store.length;) {
    const end = store.indexOf(0, at)
    if (end < 0) break
    values.push(decode(store.subarray(at, end)))
    at = end + 1
  }
  return values
}

/** What is no UTF-8 becomes replacement characters, in values that nobody matches on. */
const decoder = new TextDecoder()

function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

function readNumbers(store: DataView, entry: Entry | undefined): readonly number[] {
  if (entry === undefined || (entry.type !== int32 && entry.type !== int16)) return []
  const size = entry.type === int32 ? 4 : 2
  const room = Math.floor(Math.max(store.byteLength - entry.offset, 0) / size)
  return Array.from({ length: Math.min(entry.count, room, maxValues) }, (_, index) => {
    const at = entry.offset + index * size
    return size === 4 ? store.getUint32(at) : store.getUint16(at)
  })
}
