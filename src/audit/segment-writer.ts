import type { SegmentAppender } from '../storage/segments/segment-store.ts'
import { StorageFullError } from '../storage/storage-full.ts'
import type { PackedSegments } from './packed-segments.ts'
import { linkRecords, readLink, type ChainHead, type AuditKey } from './rules/chain.ts'
import { noticeText, type Continuation, type Notice } from './rules/notices.ts'
import {
  dayOf,
  formatSegmentName,
  parseSegmentName,
  selectExpired,
  selectOldest,
} from './rules/segment-name.ts'

/** Where the log stands: all lines up to `head` are in the segments up to this one, in its first `bytes`. */
export interface LogPosition {
  readonly segment: string | undefined
  readonly bytes: number
  readonly head: ChainHead
}

export interface WriterSettings {
  readonly maxSegmentBytes: number
  /** undefined for ever. */
  readonly keepDays: number | undefined
  /** Of all segments as they are stored; undefined for as much as the disk holds. */
  readonly maxBytes: number | undefined
  /** What gives way then: what was recorded first, or whatever would be recorded. */
  readonly atMax: 'remove-oldest' | 'refuse'
}

/** Segments that were removed so that the log keeps within its greatest size. */
export interface RemovedSegments {
  readonly count: number
  readonly bytes: number
  /** The log begins with this line now. */
  readonly firstSequence: number
}

/** What a start found; see open-audit-log.ts. */
export interface WriterStart {
  readonly head: ChainHead
  /** Of the last segment there is; 0 for none. */
  readonly number: number
  readonly continues: Continuation
  /** The last segment, when the log goes on in it. */
  readonly appender: SegmentAppender | undefined
}

const sealEveryMs = 1000
/** What a link adds to a record, at most. */
const linkBytes = 160
const mostReserve = 256 * 1024
export const atGreatestSize = 'the audit log has its greatest size (PRATIQUE_AUDIT_MAX_MIB)'
/** Room for one record and the closing line within what a segment may hold. */
const edgeBytes = 2048

/** Chains records and writes them; a segment ends with the day or when it is full. Calls must not overlap. */
export class SegmentWriter {
  readonly #store: PackedSegments
  readonly #key: AuditKey
  readonly #settings: WriterSettings
  #number: number
  #continues: Continuation
  #appender: SegmentAppender | undefined
  #position: LogPosition
  /** On which the segment was begun. */
  #day: string
  #sealedAt = 0
  #isSealed = true
  #isSynced = true
  /** What all but the open segment take; undefined when that has to be looked up. */
  #othersBytes: number | undefined
  #removed: RemovedSegments | undefined

  constructor(store: PackedSegments, key: AuditKey, settings: WriterSettings, start: WriterStart) {
    this.#store = store
    this.#key = key
    this.#settings = settings
    this.#number = start.number
    this.#continues = start.continues
    this.#appender = start.appender
    this.#day = parseSegmentName(start.appender?.name ?? '')?.day ?? ''
    const { name: segment, bytes = 0 } = start.appender ?? { name: undefined }
    this.#position = { segment, bytes, head: start.head }
  }

  get position(): LogPosition {
    return this.#position
  }

  /** Whether something waits for a seal or for the disk. */
  get isSettled(): boolean {
    return this.#isSealed && this.#isSynced
  }

  /** What was removed for the size's sake since the last look. */
  takeRemoved(): RemovedSegments | undefined {
    const removed = this.#removed
    this.#removed = undefined
    return removed
  }

  /** All of the records, or an error and none of them: StorageFullError where the log has its greatest size. */
  async write(records: readonly string[], now: Date): Promise<void> {
    const appender = await this.#ready(now)
    await this.#makeRoom(appender, records, now)
    await this.#append(appender, records)
  }

  /**
   * Whether so little room is left that nothing more may be done that would have to be recorded: what is left is for what is under way.
   * As far as is known; see `learnSizes`.
   */
  get isAtMax(): boolean {
    const { maxBytes, atMax } = this.#settings
    if (maxBytes === undefined || atMax !== 'refuse') return false
    const reserve = Math.min(mostReserve, maxBytes / 16)
    return (this.#othersBytes ?? 0) + this.#position.bytes + reserve > maxBytes
  }

  /** Looks up what the other segments take: at the start, and when they were compressed or removed. */
  async learnSizes(): Promise<void> {
    if (this.#settings.maxBytes === undefined) return
    const open = this.#position.segment
    this.#othersBytes = sizeOf((await this.#store.stored()).filter(({ name }) => name !== open))
  }

  async sealWhenDue(now: Date): Promise<void> {
    if (now.getTime() - this.#sealedAt >= sealEveryMs) await this.seal(now)
  }

  /** A line that proves, to who has the key, all lines before it. */
  async seal(now: Date): Promise<void> {
    if (this.#isSealed || this.#appender === undefined) return
    await this.#note(this.#appender, { kind: 'seal' }, now)
    this.#markSealed(now)
  }

  async sync(): Promise<void> {
    if (this.#isSynced || this.#appender === undefined) return
    await this.#appender.sync()
    this.#isSynced = true
  }

  async close(): Promise<void> {
    const appender = this.#appender
    this.#appender = undefined
    await appender?.close()
  }

  async #ready(now: Date): Promise<SegmentAppender> {
    const day = dayOf(now)
    if (this.#appender !== undefined && this.#isOver(this.#appender, day)) {
      await this.#end(this.#appender, now)
    }
    let appender = this.#appender
    if (appender === undefined) {
      const name = formatSegmentName({ number: this.#number + 1, day })
      appender = await this.#store.create(name)
      this.#number += 1
      this.#day = day
      this.#appender = appender
    }
    if (appender.bytes === 0) await this.#begin(appender, now)
    return appender
  }

  #isOver(appender: SegmentAppender, day: string): boolean {
    if (appender.bytes === 0) return false
    const isFull = appender.bytes + edgeBytes > this.#settings.maxSegmentBytes
    // A clock that was set back begins no segment: days would be out of order.
    return isFull || this.#day < day
  }

  async #end(appender: SegmentAppender, now: Date): Promise<void> {
    await this.#note(appender, { kind: 'segment-closed' }, now)
    await appender.sync()
    this.#markSealed(now)
    this.#isSynced = true
    this.#continues = 'verified'
    this.#appender = undefined
    this.#othersBytes = undefined
    await appender.close()
  }

  async #begin(appender: SegmentAppender, now: Date): Promise<void> {
    const { name: segment } = appender
    await this.#note(appender, { kind: 'segment-opened', segment, continues: this.#continues }, now)
    await this.#expire(appender, now)
  }

  /** Said before it is done: a line about segments that are still there misleads nobody. */
  async #expire(appender: SegmentAppender, now: Date): Promise<void> {
    const { keepDays } = this.#settings
    if (keepDays === undefined) return
    const names = (await this.#store.list())
      .map(({ name }) => name)
      .filter((name) => parseSegmentName(name) !== undefined)
    const expired = selectExpired(names, now, keepDays)
    const first = names[expired.length]
    if (expired.length === 0 || first === undefined) return
    await this.#remove(appender, expired, { first, reason: 'age' }, now)
  }

  /** The line with which the log begins then; undefined, and nothing is removed, where that cannot be read. */
  async #remove(
    appender: SegmentAppender,
    names: readonly string[],
    { first, reason }: { readonly first: string; readonly reason: 'age' | 'size' },
    now: Date,
  ): Promise<number | undefined> {
    const firstSequence = await this.#firstSequence(first)
    if (firstSequence === undefined) return undefined
    const count = names.length
    await this.#note(appender, { kind: 'segments-expired', count, firstSequence, reason }, now)
    await appender.sync()
    for (const name of names) await this.#store.remove(name)
    this.#othersBytes = undefined
    return firstSequence
  }

  /** Seals and the other lines that the log writes of itself find room always: they are few, and come behind records that did. */
  async #makeRoom(appender: SegmentAppender, records: readonly string[], now: Date): Promise<void> {
    const { maxBytes, atMax } = this.#settings
    if (maxBytes === undefined) return
    const added = records.reduce((sum, { length }) => sum + length + linkBytes, 0)
    const missing = (others: number): number => others + appender.bytes + added - maxBytes
    if (this.#othersBytes !== undefined && missing(this.#othersBytes) <= 0) return
    const stored = await this.#store.stored()
    const others = stored.filter(({ name }) => name !== appender.name)
    this.#othersBytes = sizeOf(others)
    const lacking = missing(this.#othersBytes)
    if (lacking <= 0) return
    const oldest = atMax === 'remove-oldest' ? selectOldest(others, lacking) : []
    if (sizeOf(oldest) < lacking) throw new StorageFullError({ cause: new Error(atGreatestSize) })
    const names = oldest.map(({ name }) => name)
    const first = others[oldest.length]?.name ?? appender.name
    const firstSequence = await this.#remove(appender, names, { first, reason: 'size' }, now)
    if (firstSequence === undefined)
      throw new StorageFullError({ cause: new Error(atGreatestSize) })
    const [count, bytes] = [names.length, sizeOf(oldest)]
    const before = this.#removed ?? { count: 0, bytes: 0 }
    this.#removed = { count: before.count + count, bytes: before.bytes + bytes, firstSequence }
  }

  async #firstSequence(name: string): Promise<number | undefined> {
    const start = await this.#store.read(name, 0, 4096)
    const end = start?.indexOf(10) ?? -1
    return end < 0 ? undefined : readLink(start?.subarray(0, end) ?? Buffer.alloc(0))?.sequence
  }

  async #note(appender: SegmentAppender, notice: Notice, now: Date): Promise<void> {
    const seal = { key: this.#key, head: this.#position.head }
    await this.#append(appender, [noticeText(notice, now, seal)])
  }

  async #append(appender: SegmentAppender, records: readonly string[]): Promise<void> {
    const { lines, head } = linkRecords(records, this.#position.head)
    await appender.append(lines)
    this.#position = { segment: appender.name, bytes: appender.bytes, head }
    this.#isSealed = false
    this.#isSynced = false
  }

  #markSealed(now: Date): void {
    this.#isSealed = true
    this.#sealedAt = now.getTime()
  }
}

function sizeOf(segments: readonly { readonly storedBytes: number }[]): number {
  return segments.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
}
