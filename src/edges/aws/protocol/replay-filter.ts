import { BoundedCache } from '../../../lib/bounded-cache.ts'
import type { Clock } from '../../../lib/clock.ts'

/** From a clock that is as far ahead as is allowed to one that is as far behind. */
const windowMs = 30 * 60_000
const mostKept = 50_000

/**
 * Signatures of completed requests that give something away: a signature has no number used once, so that whoever saw such a
 * request could repeat it while its time lasts. One that failed may be repeated; SDKs sign anew for each try.
 */
export class ReplayFilter {
  readonly #clock: Clock
  readonly #operations: ReadonlySet<string>
  readonly #completed = new BoundedCache<true>(mostKept)

  /** `operations`: `sts:AssumeRole` and the like. */
  constructor(clock: Clock, operations: ReadonlySet<string>) {
    this.#clock = clock
    this.#operations = operations
  }

  isRepeat(request: { readonly accessKeyId: string; readonly signature: string }): boolean {
    return this.#completed.get(nameOf(request), this.#clock.now()) === true
  }

  complete(
    operation: string,
    request: { readonly accessKeyId: string; readonly signature: string },
  ): void {
    if (!this.#operations.has(operation)) return
    const until = new Date(this.#clock.now().getTime() + windowMs)
    this.#completed.set(nameOf(request), true, until)
  }
}

function nameOf(request: { readonly accessKeyId: string; readonly signature: string }): string {
  return `${request.accessKeyId}/${request.signature}`
}
