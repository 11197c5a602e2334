// What the reader of the outbox stands on, and what it makes of a part of it.
import type { OutboxEvent, OutboxPosition } from '../jobs/outbox.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Suppressions } from '../scanning/suppressions.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import type { MessageWriter } from './message-writer.ts'
import type { Sink } from './sink-store.ts'

export interface PlanDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly region: string
  readonly suppressions: Suppressions
  /** Share of an account's images that an update may touch before it becomes a digest, in percent. */
  readonly stormPercent: number
}

/** What a part of the outbox comes to: written with the new place in it, all in one transaction. */
export interface PlannedPart {
  readonly next: OutboxPosition
  readonly write: (tx: SqlWriter, writer: MessageWriter) => Promise<void>
}

/** Those of its account that were there when it happened. */
export function sinksOf(
  event: Pick<OutboxEvent, 'id' | 'account'>,
  sinks: readonly Sink[],
): readonly Sink[] {
  return sinks.filter(
    ({ account, afterEvent }) => account === event.account && event.id > afterEvent,
  )
}
