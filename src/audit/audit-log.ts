import type { Clock } from '../lib/clock.ts'
import { StorageFaultError, StorageFullError } from '../storage/storage-full.ts'
import { packClosed } from './pack-closed.ts'
import type { PackedSegments } from './packed-segments.ts'
import { recoverLog } from './recover-log.ts'
import { genesis, type AuditKey } from './rules/chain.ts'
import { anchorOf, noticeText, type Anchor, type Notice } from './rules/notices.ts'
import {
  atGreatestSize,
  SegmentWriter,
  type LogPosition,
  type RemovedSegments,
  type WriterSettings,
} from './segment-writer.ts'

export interface AuditLogDeps {
  readonly segments: PackedSegments
  readonly clock: Clock
  /** Of the purpose `audit`. */
  readonly key: AuditKey
  /** Told when the log stops to take records, and when it takes them again. */
  readonly onFault: (error: unknown) => void
  readonly onRecovered: () => void
  /** The oldest segments are gone, since the log had its greatest size. */
  readonly onRemoved: (removed: RemovedSegments) => void
  /** A closed segment could not be compressed; it stays as it is, and is tried again with the next. */
  readonly onUnpacked: (error: unknown) => void
  readonly settings: WriterSettings & {
    /** Whether what cannot be recorded must not be done. */
    readonly isRequired: boolean
  }
}

interface Pending {
  readonly text: string
  /** Of a change or a denial: written later when it cannot be now. */
  readonly isKept: boolean
  /** Of a record that somebody waits for. */
  readonly settle: ((error: unknown) => void) | undefined
}

/** How long a record may wait in memory for others to be written with it. */
const gatherMs = 250
/** So many characters are written at once when they have come together. */
const gatherCharacters = 256 * 1024
const syncEveryMs = 1000
/** Of records that wait; what comes on top is lost and counted. Records of changes may take as much again. */
const maxWaitingCharacters = 8 * 1024 * 1024

/**
 * The one writer of the audit log. Records of one turn of the event loop are written together. What is recorded durably is
 * on the disk when its promise resolves; the rest is there within a second, and no request ever waits for it.
 */
export class AuditLog {
  readonly #deps: AuditLogDeps
  readonly #writer: SegmentWriter
  #waiting: Pending[] = []
  #characters = 0
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #syncedAt = 0
  #fault: unknown
  #isClosed = false
  #lost: Lost | undefined
  #isMaxTold = false
  /** Compressing closed segments, and the segment that was open when it last began. */
  #packing: Promise<void> = Promise.resolve()
  #packedBefore: string | undefined
  readonly #ending = new AbortController()

  private constructor(deps: AuditLogDeps, writer: SegmentWriter) {
    this.#deps = deps
    this.#writer = writer
  }

  /** Goes on where the log ended; a disk that takes no writes does not keep it from opening. */
  static async open(deps: AuditLogDeps): Promise<AuditLog> {
    const { segments, key, clock, settings } = deps
    const { start, cutBytes, unsealedLines } = await recoverLog(segments, key, clock.now())
    const log = new AuditLog(deps, new SegmentWriter(segments, key, settings, start))
    if (start.continues === 'broken')
      deps.onFault(new Error('the chain of the audit log is broken'))
    if (cutBytes > 0 || unsealedLines > 0) {
      log.#note({ kind: 'recovered', cutBytes, unsealedLines })
    }
    await log.#writer.learnSizes()
    log.#pack()
    return log
  }

  /** Never waits, never throws. */
  record(text: string): void {
    if (this.#characters + text.length > maxWaitingCharacters) return this.#lose(1)
    this.#add({ text, isKept: false, settle: undefined })
    if (this.#characters > gatherCharacters && this.#fault === undefined) this.#kick()
    else this.#arm(gatherMs)
  }

  /** Resolves when the record is on the disk. Rejects, where the log is required, when it cannot be; it is then kept in memory and written later. */
  async recordDurably(text: string): Promise<void> {
    if (this.#characters + text.length > 2 * maxWaitingCharacters) {
      this.#lose(1)
      return this.#refuse(new Error('too many records wait'))
    }
    const written = new Promise<unknown>((settle) => {
      this.#add({ text, isKept: true, settle })
    })
    setImmediate(() => this.#kick())
    const error = await written
    return error === undefined ? undefined : this.#refuse(error)
  }

  /** Throws StorageFullError, or StorageFaultError for a disk that fails, while nothing can be recorded and the log is required: what is about to be done must not be. */
  async requireWritable(): Promise<void> {
    if (this.#fault === undefined && !this.#writer.isAtMax) return
    // Whether it is over is only known by trying.
    await this.flush()
    if (this.#fault !== undefined) this.#refuse(this.#fault)
    if (this.#writer.isAtMax) await this.#refuseAtMax()
  }

  /** What cannot be told one by one; see rules/notices.ts. */
  note(notice: Extract<Notice, { readonly kind: 'refusals-omitted' }>): void {
    this.#note(notice)
  }

  /** Everything recorded so far is written, or counted as not written. */
  async flush(): Promise<void> {
    await this.#running
    this.#kick()
    await this.#running
  }

  /** All that was recorded before is in the segments up to here. */
  async position(): Promise<LogPosition> {
    await this.flush()
    return this.#writer.position
  }

  async anchor(): Promise<Anchor> {
    const { head } = await this.position()
    return anchorOf(this.#deps.key, head, this.#deps.clock.now())
  }

  async close(): Promise<void> {
    await this.flush()
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#ending.abort()
    await this.#packing
    try {
      await this.#writer.seal(this.#deps.clock.now())
      await this.#writer.sync()
    } catch (error) {
      this.#deps.onFault(error)
    }
    await this.#writer.close()
  }

  #add(pending: Pending): void {
    this.#waiting.push(pending)
    this.#characters += pending.text.length
  }

  #note(notice: Notice): void {
    this.record(noticeText(notice, this.#deps.clock.now(), unsealed))
  }

  #refuse(cause: unknown): void {
    if (!this.#deps.settings.isRequired) return
    throw cause instanceof StorageFullError
      ? new StorageFullError({ cause, isAudit: true })
      : new StorageFaultError({ cause })
  }

  /** Told once, until there is room again. */
  async #refuseAtMax(): Promise<void> {
    await this.#writer.learnSizes()
    const isAtMax = this.#writer.isAtMax && this.#deps.settings.isRequired
    const error = new StorageFullError({ cause: new Error(atGreatestSize), isAudit: true })
    if (isAtMax && !this.#isMaxTold) this.#deps.onFault(error)
    this.#isMaxTold = isAtMax
    if (isAtMax) throw error
  }

  #lose(count: number, since = this.#deps.clock.now()): void {
    this.#lost = { count: (this.#lost?.count ?? 0) + count, since: this.#lost?.since ?? since }
  }

  #arm(ms: number): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#kick()
    }, ms).unref()
  }

  #kick(): void {
    if (this.#isClosed) return
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      const isBehind = this.#waiting.length > 0 || this.#lost !== undefined
      if (isBehind || !this.#writer.isSettled) {
        this.#arm(this.#fault === undefined ? gatherMs : syncEveryMs)
      }
    })
  }

  async #run(): Promise<void> {
    do {
      const batch = this.#waiting
      const lost = this.#lost
      this.#waiting = []
      this.#characters = 0
      this.#lost = undefined
      const now = this.#deps.clock.now()
      try {
        await this.#write(batch, lost, now)
      } catch (error) {
        this.#giveBack(batch, lost)
        return this.#stop(batch, error)
      }
      try {
        await this.#settle(batch, now)
      } catch (error) {
        return this.#stop(batch, error)
      }
      for (const { settle } of batch) settle?.(undefined)
    } while (this.#waiting.some(({ settle }) => settle !== undefined))
  }

  async #write(batch: readonly Pending[], lost: Lost | undefined, now: Date): Promise<void> {
    const notices = lost === undefined ? [] : [lossText(lost, now)]
    const records = [...notices, ...batch.map(({ text }) => text)]
    if (records.length > 0) await this.#writer.write(records, now)
  }

  /** A seal and the disk's word once a second, and where somebody waits for it. */
  async #settle(batch: readonly Pending[], now: Date): Promise<void> {
    await this.#writer.sealWhenDue(now)
    const isDue = now.getTime() - this.#syncedAt >= syncEveryMs
    if (isDue || batch.some(({ settle }) => settle !== undefined)) {
      await this.#writer.sync()
      this.#syncedAt = now.getTime()
    }
    const removed = this.#writer.takeRemoved()
    if (removed !== undefined) this.#deps.onRemoved(removed)
    if (this.#writer.position.segment !== this.#packedBefore) this.#pack()
    if (this.#fault === undefined) return
    this.#fault = undefined
    this.#deps.onRecovered()
  }

  /** Whenever another segment was begun. Nobody waits for it; a kill leaves what the next start compresses. */
  #pack(): void {
    this.#packedBefore = this.#writer.position.segment
    this.#packing = this.#packBehind(this.#packing)
  }

  async #packBehind(before: Promise<void>): Promise<void> {
    await before
    const { signal } = this.#ending
    try {
      if (await packClosed(this.#deps.segments, { signal })) await this.#writer.learnSizes()
    } catch (error) {
      if (!signal.aborted) this.#deps.onUnpacked(error)
    }
  }

  #giveBack(batch: readonly Pending[], lost: Lost | undefined): void {
    const kept = batch.filter(({ isKept }) => isKept)
    this.#waiting = [...kept.map((one) => ({ ...one, settle: undefined })), ...this.#waiting]
    for (const { text } of kept) this.#characters += text.length
    const gone = batch.length - kept.length + (lost?.count ?? 0)
    if (gone > 0) this.#lose(gone, lost?.since)
  }

  #stop(batch: readonly Pending[], error: unknown): void {
    if (this.#fault === undefined) this.#deps.onFault(error)
    this.#fault = error
    for (const { settle } of batch) settle?.(error)
  }
}

interface Lost {
  readonly count: number
  readonly since: Date
}

function lossText({ count, since }: Lost, until: Date): string {
  const period = { since: since.toISOString(), until: until.toISOString() }
  const notice = { kind: 'records-lost', count, ...period } as const
  return noticeText(notice, until, unsealed)
}

/** No notice that is made here seals anything: the head is the writer's to know. */
const unsealed = { key: new Uint8Array(), head: genesis }
