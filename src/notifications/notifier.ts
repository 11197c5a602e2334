import { setTimeout as delay } from 'node:timers/promises'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { closeDigests } from './close-digests.ts'
import { deliverDue, type DeliveryDeps, type DeliveryLog } from './deliver-due.ts'
import { planNotices, skipEvent } from './plan-notices.ts'
import type { PlanDeps } from './planned-part.ts'
import { listSinksWithDue } from './sink-store.ts'

export interface NotifierDeps extends Omit<PlanDeps, 'database'>, Omit<DeliveryDeps, 'log'> {
  readonly log: NotifierLog
}

export interface NotifierLog extends DeliveryLog {
  /** Something is wrong with the program or with what it stands on. */
  faulted(error: unknown): void
  /** An event that could not be read is passed over, so that those behind it are told. */
  eventSkipped(eventId: number, error: unknown): void
}

const pollMs = 1_000
/** So many turns end at the same event before it is passed over. */
const mostFaults = 30

/**
 * Tells what happened, until stopped. One loop reads the outbox, closes digests, and starts a sender for each sink that has
 * something due and none running; senders know nothing of one another, so a slow receiver delays its own messages only.
 * States of the loop: reading → waiting (nothing new; woken or polled) → reading … → stopped, when all senders have ended.
 */
export class Notifier {
  readonly #deps: NotifierDeps
  readonly #stopping = new AbortController()
  readonly #senders = new Map<string, Promise<void>>()
  #wake = new AbortController()
  #finished: Promise<void> | undefined
  #faults = 0

  constructor(deps: NotifierDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#finished ??= this.#loop()
  }

  /** Looks now instead of at the next poll. */
  wake(): void {
    this.#wake.abort()
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'))
    this.wake()
    await this.#finished
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const hasMore = await this.#read()
        await closeDigests(this.#deps)
        await this.#startSenders()
        if (hasMore) await yieldToEventLoop()
        else await this.#rest()
      } catch (error) {
        if (signal.aborted) break
        this.#deps.log.faulted(error)
        await this.#rest()
      }
    }
    await Promise.all(this.#senders.values())
  }

  async #read(): Promise<boolean> {
    try {
      const hasMore = await planNotices(this.#deps, { signal: this.#stopping.signal })
      this.#faults = 0
      return hasMore
    } catch (error) {
      this.#faults += 1
      if (this.#faults < mostFaults || this.#stopping.signal.aborted) throw error
      this.#faults = 0
      const eventId = await skipEvent(this.#deps)
      if (eventId !== undefined) this.#deps.log.eventSkipped(eventId, error)
      return true
    }
  }

  async #startSenders(): Promise<void> {
    const { database, clock } = this.#deps
    for (const { id } of await listSinksWithDue(database, clock.now())) {
      if (this.#senders.has(id)) continue
      const sender = this.#send(id).finally(() => {
        this.#senders.delete(id)
      })
      this.#senders.set(id, sender)
    }
  }

  async #send(sinkId: string): Promise<void> {
    const { signal } = this.#stopping
    try {
      while (!signal.aborted && (await deliverDue(this.#deps, sinkId, { signal })))
        await yieldToEventLoop()
    } catch (error) {
      this.#deps.log.faulted(error)
      // The next turn would begin at the same place at once.
      await delay(pollMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #rest(): Promise<void> {
    const { signal } = this.#wake
    await delay(pollMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) this.#wake = new AbortController()
  }
}
