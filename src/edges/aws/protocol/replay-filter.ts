import { BoundedCache } from '../../../lib/bounded-cache.ts'
import type { Clock } from '../../../lib/clock.ts'

/** From a clock that is as far ahead as is allowed to one that is as far behind. */
const windowMs = 30 * 60_000
const mostKept = 50_000
/**
 * Signatures tell the second and nothing finer: two runs of a command that begin in the same one sign the same, and both are
 * answered.
 */
const sameMomentMs = 2000

/**
 * Signatures of completed requests that give something away: a signature has no number used once, so that whoever saw such a
 * request could repeat it while its time lasts. One that failed may be repeated; SDKs sign anew for each try.
 */
export class ReplayFilter {
  readonly #clock: Clock
  readonly #operations: ReadonlySet<string>
  readonly #completed = new BoundedCache<{ readonly at: number }>(mostKept)

  /** `operations`: `sts:AssumeRole` and the like. */
  constructor(clock: Clock, operations: ReadonlySet<string>) {
    this.#clock = clock
    this.#operations = operations
  }

  isRepeat(request: { readonly accessKeyId: string; readonly signature: string }): boolean {
    const now = this.#clock.now()
    const completed = this.#completed.get(nameOf(request), now)
    return completed !== undefined && now.getTime() - completed.at > sameMomentMs
  }

  complete(
    operation: string,
    request: { readonly accessKeyId: string; readonly signature: string },
  ): void {
    if (!this.#operations.has(operation)) return
    const now = this.#clock.now()
    // A repeat of the same moment does not begin another.
    if (this.#completed.get(nameOf(request), now) !== undefined) return
    const until = new Date(now.getTime() + windowMs)
    this.#completed.set(nameOf(request), { at: now.getTime() }, until)
  }
}

function nameOf(request: { readonly accessKeyId: string; readonly signature: string }): string {
  return `${request.accessKeyId}/${request.signature}`
}
