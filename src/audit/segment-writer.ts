import type { SegmentAppender, SegmentStore } from '../storage/segments/segment-store.ts'
import { linkRecords, readLink, type ChainHead, type AuditKey } from './rules/chain.ts'
import { noticeText, type Continuation, type Notice } from './rules/notices.ts'
import { dayOf, formatSegmentName, parseSegmentName, selectExpired } from './rules/segment-name.ts'

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
/** Room for one record and the closing line within what a segment may hold. */
const edgeBytes = 2048

/** Chains records and writes them; a segment ends with the day or when it is full. Calls must not overlap. */
export class SegmentWriter {
  readonly #store: SegmentStore
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

  constructor(store: SegmentStore, key: AuditKey, settings: WriterSettings, start: WriterStart) {
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

  /** All of the records, or an error and none of them. */
  async write(records: readonly string[], now: Date): Promise<void> {
    await this.#append(await this.#ready(now), records)
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
    const firstSequence = await this.#firstSequence(first)
    if (firstSequence === undefined) return
    const notice = { kind: 'segments-expired', count: expired.length, firstSequence } as const
    await this.#note(appender, notice, now)
    await appender.sync()
    for (const name of expired) await this.#store.remove(name)
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
