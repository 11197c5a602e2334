import {
  instant,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** What a room told in the transaction in which it happened. */
export interface OutboxEvent {
  readonly id: number
  readonly kind: string
  /** Empty for what is of no account. */
  readonly account: string
  readonly resource: string
  readonly detail: unknown
  readonly at: Date
}

/** Up to where somebody read the outbox. */
export interface OutboxPosition {
  readonly eventId: number
  /** How far into the event after that one, in the reader's own words. */
  readonly position: string | undefined
}

/**
 * Events behind an id, in order. Ids are in the order of commits, since one transaction writes at a time: nothing that is committed
 * later comes before what was read.
 */
export async function listEvents(
  reader: SqlReader,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly OutboxEvent[]> {
  const rows = await reader.all(
    'SELECT id, kind, account, resource, detail, at FROM events WHERE id > $1 ORDER BY id LIMIT $2',
    [page.after, page.limit],
  )
  return rows.map(eventOf)
}

export async function newestEventId(reader: SqlReader): Promise<number> {
  const row = await reader.first('SELECT MAX(id) AS newest FROM events')
  return (row === undefined ? undefined : integerOrAbsent(row, 'newest')) ?? 0
}

/** Events that a reader has not passed, and when the oldest of them happened. */
export async function measureLag(
  reader: SqlReader,
  name: string,
): Promise<{ readonly events: number; readonly oldest: Date | undefined }> {
  const row = await reader.first(
    `SELECT COUNT(*) AS events, MIN(at) AS oldest FROM events
     WHERE id > (SELECT event_id FROM outbox_readers WHERE name = $1)`,
    [name],
  )
  const oldest = row === undefined ? undefined : integerOrAbsent(row, 'oldest')
  return {
    events: row === undefined ? 0 : integer(row, 'events'),
    oldest: oldest === undefined ? undefined : new Date(oldest),
  }
}

export async function readPosition(reader: SqlReader, name: string): Promise<OutboxPosition> {
  const row = await reader.first('SELECT event_id, position FROM outbox_readers WHERE name = $1', [
    name,
  ])
  if (row === undefined) throw new Error(`the outbox has no reader ${name}`)
  return { eventId: integer(row, 'event_id'), position: textOrAbsent(row, 'position') }
}

export async function writePosition(
  tx: SqlWriter,
  name: string,
  { eventId, position }: OutboxPosition,
  now: Date,
): Promise<void> {
  await tx.run('UPDATE outbox_readers SET event_id = $2, position = $3, at = $4 WHERE name = $1', [
    name,
    eventId,
    position ?? null,
    now.getTime(),
  ])
}

/** Removes up to `limit` of the oldest events that every reader has passed and that are older than `before`; answers how many. */
export async function trimEvents(
  tx: SqlWriter,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const passed = await tx.first('SELECT MIN(event_id) AS passed FROM outbox_readers')
  const oldest = await tx.all('SELECT id, at FROM events WHERE id <= $1 ORDER BY id LIMIT $2', [
    (passed === undefined ? undefined : integerOrAbsent(passed, 'passed')) ?? 0,
    limit,
  ])
  const kept = oldest.findIndex((row) => instant(row, 'at').getTime() >= before.getTime())
  const last = (kept === -1 ? oldest : oldest.slice(0, kept)).at(-1)
  if (last === undefined) return 0
  return tx.run('DELETE FROM events WHERE id <= $1', [integer(last, 'id')])
}

function eventOf(row: SqlRow): OutboxEvent {
  const detail: unknown = JSON.parse(text(row, 'detail'))
  return {
    id: integer(row, 'id'),
    kind: text(row, 'kind'),
    account: text(row, 'account'),
    resource: text(row, 'resource'),
    detail,
    at: instant(row, 'at'),
  }
}
