// What the log says of refreshes: what changed, and a failure once when it begins, not each time it goes on.
import type { PartRefresh } from './refresh-part.ts'

export interface FeedNotice {
  readonly level: 'info' | 'warn'
  readonly line: Readonly<Record<string, unknown>>
}

/**
 * States: reached → (a part cannot be reached) → unreached, said once for all feeds together → (any answer) → reached.
 * Other failures are said once for each part. A machine without network so has one line, however many feeds it has.
 */
export class FeedNotices {
  #isUnreached = false

  about(refresh: PartRefresh): FeedNotice | undefined {
    const { source } = refresh
    if (refresh.kind === 'failed') return this.#aboutFailure(source, refresh)
    this.#isUnreached = false
    switch (refresh.kind) {
      case 'unchanged':
        return undefined
      case 'frozen':
        return refresh.isNew ? { level: 'warn', line: { event: 'feed.frozen', source } } : undefined
      case 'imported': {
        const { added, changed, removed, revision } = refresh.result
        if (added + changed + removed === 0) return undefined
        return {
          level: 'info',
          line: { event: 'feed.imported', source, added, changed, removed, revision },
        }
      }
      case 'facts': {
        const { facts } = refresh.result
        return { level: 'info', line: { event: 'feed.imported', source, facts } }
      }
      default:
        throw new Error(`unknown end of a refresh: ${JSON.stringify(refresh satisfies never)}`)
    }
  }

  #aboutFailure(
    source: string,
    failed: Extract<PartRefresh, { readonly kind: 'failed' }>,
  ): FeedNotice | undefined {
    const { fault, reason, nextAttemptAt } = failed
    const line = { source, fault, reason, nextAttemptAt }
    if (fault !== 'unreachable') {
      this.#isUnreached = false
      return failed.isNew ? { level: 'warn', line: { event: 'feed.failed', ...line } } : undefined
    }
    if (this.#isUnreached || !failed.isNew) return undefined
    this.#isUnreached = true
    const advice =
      'the data in force stays; other feeds are tried quietly, see `pratique db status`'
    return { level: 'warn', line: { event: 'feed.unreachable', ...line, advice } }
  }
}
