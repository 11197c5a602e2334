import type { SegmentStore } from '../storage/segments/segment-store.ts'
import { linesOfPieces, piecesOfSegment, type FoundLine } from './read-lines.ts'
import type { PackedSegments } from './packed-segments.ts'
import { genesis, hashLine, readLink, type ChainHead, type AuditKey } from './rules/chain.ts'
import { judgeSeal, readNotice, type Continuation } from './rules/notices.ts'
import { dayOf, parseSegmentName } from './rules/segment-name.ts'
import type { WriterStart } from './segment-writer.ts'

export interface Recovery {
  readonly start: WriterStart
  /** Of a line that was torn by a kill; it was cut off. */
  readonly cutBytes: number
  /** Whole lines that no seal covers: what was written in the last second before a kill. */
  readonly unsealedLines: number
}

/**
 * Finds where the log stands, so that it goes on there. Only the last segment is read. A chain that is broken stays as it
 * is, for `pratique audit-log verify` to find: a new segment begins behind it and says so.
 */
export async function recoverLog(
  store: PackedSegments,
  key: AuditKey,
  now: Date,
): Promise<Recovery> {
  const segments = await store.stored()
  const last = segments.at(-1)
  if (last === undefined) return { start: nothing, cutBytes: 0, unsealedLines: 0 }
  const walk = new TailWalk(key)
  const pieces = piecesOfSegment(store, last.name, last.bytes)
  for await (const line of linesOfPieces(last.name, pieces)) walk.take(line)
  const { head, tornBytes } = walk
  if (last.isPacked && (head === undefined || tornBytes > 0)) return behindDamage(last.name, head)
  if (head === undefined) {
    // Killed before its first line was whole: as if it had never been begun.
    await store.remove(last.name)
    const earlier = await recoverLog(store, key, now)
    return { ...earlier, cutBytes: earlier.cutBytes + tornBytes }
  }
  if (tornBytes > 0) await cutTail(store, last.name, last.bytes - tornBytes)
  const before = segments.at(-2)
  const continues = walk.judge(before === undefined ? undefined : await lastHead(store, before))
  const start = await startBehind(store, last.name, { head, continues, walk, now })
  const unsealedLines = continues === 'verified' ? walk.unsealed : 0
  return { start, cutBytes: tornBytes, unsealedLines }
}

/** In the same segment where nothing speaks against it. */
async function startBehind(
  store: PackedSegments,
  name: string,
  found: {
    readonly head: ChainHead
    readonly continues: Continuation
    readonly walk: TailWalk
    readonly now: Date
  },
): Promise<WriterStart> {
  const { head, continues, walk, now } = found
  const { number, day } = parseSegmentName(name) ?? { number: 0, day: '' }
  const goesOn = continues === 'verified' && !walk.isClosed && day >= dayOf(now)
  return { head, number, continues, appender: goesOn ? await store.open(name) : undefined }
}

/** Closed segments are compressed whole: what looks torn in one is damage, and stays for verification to find. */
function behindDamage(name: string, head: ChainHead = genesis): Recovery {
  const { number } = parseSegmentName(name) ?? { number: 0 }
  const start = { head, number, continues: 'broken', appender: undefined } as const
  return { start, cutBytes: 0, unsealedLines: 0 }
}

async function cutTail(store: SegmentStore, name: string, bytes: number): Promise<void> {
  const appender = await store.open(name)
  try {
    await appender.truncate(bytes)
  } finally {
    await appender.close()
  }
}

const nothing: WriterStart = {
  head: genesis,
  number: 0,
  continues: 'nothing',
  appender: undefined,
}

export async function listSegments(
  store: SegmentStore,
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  return (await store.list()).filter(({ name }) => parseSegmentName(name) !== undefined)
}

/** What the last line of a segment says; undefined when it says nothing. */
async function lastHead(
  store: SegmentStore,
  { name, bytes }: { readonly name: string; readonly bytes: number },
): Promise<ChainHead | undefined> {
  const tail = await store.read(name, Math.max(0, bytes - 4096), 4096)
  if (tail?.at(-1) !== 10) return undefined
  const line = tail.subarray(tail.lastIndexOf(10, -2) + 1, -1)
  const link = readLink(line)
  return link === undefined ? undefined : { sequence: link.sequence, hash: hashLine(line) }
}

/** Follows the chain through one segment. */
class TailWalk {
  head: ChainHead | undefined
  tornBytes = 0
  unsealed = 0
  isClosed = false
  #isBroken = false
  #seal: 'valid' | 'forged' | 'other-key' | 'no-seal' = 'no-seal'
  #first: { readonly sequence: number; readonly previous: string } | undefined
  readonly #key: AuditKey

  constructor(key: AuditKey) {
    this.#key = key
  }

  take(line: FoundLine): void {
    // What a kill leaves at the end: the beginning of a line.
    if (!line.isWhole) {
      this.tornBytes += line.bytes.byteLength
      return
    }
    const link = readLink(line.bytes)
    const hash = hashLine(line.bytes)
    if (link === undefined) {
      this.#isBroken = true
      this.head = { sequence: (this.head?.sequence ?? 0) + 1, hash }
      return
    }
    this.#first ??= link
    const before = this.head ?? { sequence: link.sequence - 1, hash: link.previous }
    if (link.sequence !== before.sequence + 1 || link.previous !== before.hash) {
      this.#isBroken = true
    }
    this.#judgeNotice(line.bytes, before)
    this.head = { sequence: link.sequence, hash }
  }

  judge(before: ChainHead | undefined): Continuation {
    const first = this.#first
    const hangs =
      before === undefined ||
      (first?.sequence === before.sequence + 1 && first.previous === before.hash)
    if (this.#isBroken || !hangs || this.#seal === 'forged') return 'broken'
    return this.#seal === 'valid' ? 'verified' : 'unsealed'
  }

  #judgeNotice(line: Uint8Array, before: ChainHead): void {
    const notice = readNotice(line)
    this.isClosed = notice?.kind === 'segment-closed'
    const seal = notice === undefined ? 'no-seal' : judgeSeal(notice, this.#key, before)
    if (seal === 'no-seal') {
      this.unsealed += 1
      return
    }
    this.unsealed = 0
    if (this.#seal !== 'forged') this.#seal = seal
  }
}
