import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from './clock.ts'

/** Keeps work below a rate: whoever is ahead of it waits, a second at a time so that a stop is heard. */
export class Pace {
  readonly #clock: Clock
  readonly #perSecond: number | undefined
  #begun: number | undefined
  #spent = 0

  /** Without a rate nobody ever waits. */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock
    this.#perSecond = perSecond
  }

  async spend(amount: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted()
    if (this.#perSecond === undefined) return
    this.#begun ??= this.#clock.now().getTime()
    this.#spent += amount
    const dueMs = this.#begun + (this.#spent / this.#perSecond) * 1000
    for (let ahead = this.#ahead(dueMs); ahead > 0; ahead = this.#ahead(dueMs)) {
      await delay(Math.min(ahead, 1000), undefined, { signal })
    }
  }

  #ahead(dueMs: number): number {
    return dueMs - this.#clock.now().getTime()
  }
}
