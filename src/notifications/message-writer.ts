// What is told, put into the queue of each sink in the transaction of whoever reads the outbox: by itself, or into the sink's digest.
import type { Ids } from '../lib/ids.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { findDigest, writeDigest, type OpenDigest } from './digest-store.ts'
import { countWaiting, insertDelivery } from './delivery-store.ts'
import { addToDigest, mergeDigests, type Counted } from './rules/digest.ts'
import type {
  DigestCause,
  DigestNotice,
  DigestSummary,
  Notice,
  TestNotice,
} from './rules/notice.ts'
import { stormDigestSeconds } from './rules/sink.ts'
import type { Sink } from './sink-store.ts'

/** Messages that wait for one sink; those that come on top are counted in a digest. */
export const mostWaiting = 20_000

export type ToldNotice = Omit<Notice, 'body'> & {
  readonly body: Exclude<Notice['body'], DigestNotice | TestNotice>
}

/** For one transaction; `end` writes what it gathered. */
export class MessageWriter {
  readonly #tx: SqlWriter
  readonly #ids: Ids
  readonly #now: Date
  readonly #waiting = new Map<string, number>()
  readonly #digests = new Map<string, OpenDigest>()

  constructor(tx: SqlWriter, { ids, now }: { readonly ids: Ids; readonly now: Date }) {
    this.#tx = tx
    this.#ids = ids
    this.#now = now
  }

  /** `held`: why it goes into a digest although the sink did not ask for one. */
  async tell(sink: Sink, notice: ToldNotice, held?: DigestCause): Promise<void> {
    const { body, at } = notice
    const cause = sink.digestSeconds === undefined ? held : 'asked'
    if (cause !== undefined) return this.count(sink, body, { at, cause })
    const waiting = this.#waiting.get(sink.id) ?? (await countWaiting(this.#tx, sink.id))
    if (waiting >= mostWaiting) return this.count(sink, body, { at, cause: 'backlog' })
    await insertDelivery(this.#tx, sink.id, notice, this.#now)
    this.#waiting.set(sink.id, waiting + 1)
  }

  async count(
    sink: Sink,
    body: Counted,
    told: { readonly at: string; readonly cause: DigestCause; readonly times?: number },
  ): Promise<void> {
    await this.#change(sink, (summary) => addToDigest(summary, body, told))
  }

  /** What was counted before the transaction, so that this is short however much it was. */
  async add(sink: Sink, counted: DigestSummary): Promise<void> {
    await this.#change(sink, (summary) => mergeDigests(summary, counted))
  }

  async #change(
    sink: Sink,
    change: (summary: DigestSummary | undefined) => DigestSummary,
  ): Promise<void> {
    const open = this.#digests.get(sink.id) ?? (await findDigest(this.#tx, sink.id))
    const seconds = sink.digestSeconds ?? stormDigestSeconds
    const { noticeId = this.#ids.uuid(), dueAt = this.#in(seconds) } = open ?? {}
    this.#digests.set(sink.id, { sinkId: sink.id, noticeId, dueAt, summary: change(open?.summary) })
  }

  async end(): Promise<void> {
    for (const digest of this.#digests.values()) await writeDigest(this.#tx, digest)
  }

  #in(seconds: number): Date {
    return new Date(this.#now.getTime() + seconds * 1000)
  }
}
