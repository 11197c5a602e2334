import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readByIds } from '../storage/database/by-ids.ts'
import { orderKeyOf, type Notice } from './rules/notice.ts'

/** A message for one sink that waits to be sent, or that nobody took. */
export interface Delivery {
  readonly id: number
  readonly sinkId: string
  readonly orderKey: string
  readonly notice: Notice
  /** That failed. */
  readonly attempts: number
  readonly since: Date
  readonly dueAt: Date
  readonly lastError: string | undefined
  readonly diedAt: Date | undefined
}

const columns = 'id, sink_id, order_key, notice, attempts, since, due_at, last_error, died_at'

export async function insertDelivery(
  tx: SqlWriter,
  sinkId: string,
  notice: Notice,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO notification_deliveries (sink_id, notice_id, order_key, notice, state, attempts, due_at, since)
     VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $5)`,
    [sinkId, notice.id, orderKeyOf(notice.body), JSON.stringify(notice), now.getTime()],
  )
}

/** Messages of a sink that are looked at in their order. */
const walkedMessages = 500
const headsAtOnce = 200

interface Waiting {
  readonly id: number
  readonly orderKey: string
  readonly dueAt: number
}

/**
 * Due messages of a sink; of each image the first only, since the others wait for it. In their order as far as they are among the
 * first that wait; behind these image by image, so that thousands of one image are not gone through for the next of another.
 */
export async function listDueDeliveries(
  reader: SqlReader,
  sinkId: string,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<readonly Delivery[]> {
  const walked = await listWaiting(reader, sinkId)
  const heads = new Map<string, Waiting>()
  for (const one of walked) if (!heads.has(one.orderKey)) heads.set(one.orderKey, one)
  const isDue = ({ dueAt }: Waiting): boolean => dueAt <= now.getTime()
  const due = [...heads.values()].filter(isDue)
  let last = ''
  for (let asked = 1; walked.length === walkedMessages && due.length < limit; asked += 1) {
    if (asked % headsAtOnce === 0) await yieldToEventLoop()
    const head: Waiting | undefined = await findHead(reader, sinkId, last)
    if (head === undefined) break
    last = head.orderKey
    if (!heads.has(last) && isDue(head)) due.push(head)
  }
  const rows = await readByIds(
    reader,
    due.slice(0, limit).map(({ id }) => id),
    (places) =>
      `SELECT ${columns} FROM notification_deliveries WHERE id IN (${places}) ORDER BY id`,
  )
  return rows.map(deliveryOf)
}

async function listWaiting(reader: SqlReader, sinkId: string): Promise<readonly Waiting[]> {
  const rows = await reader.all(
    `SELECT id, order_key, due_at FROM notification_deliveries
     WHERE sink_id = $1 AND state = 'waiting' ORDER BY id LIMIT $2`,
    [sinkId, walkedMessages],
  )
  return rows.map(waitingOf)
}

/** The first message of the next image. */
async function findHead(
  reader: SqlReader,
  sinkId: string,
  after: string,
): Promise<Waiting | undefined> {
  const row = await reader.first(
    `SELECT id, order_key, due_at FROM notification_deliveries
     WHERE sink_id = $1 AND state = 'waiting' AND order_key > $2 ORDER BY order_key, id LIMIT 1`,
    [sinkId, after],
  )
  return row === undefined ? undefined : waitingOf(row)
}

function waitingOf(row: SqlRow): Waiting {
  return {
    id: integer(row, 'id'),
    orderKey: text(row, 'order_key'),
    dueAt: integer(row, 'due_at'),
  }
}

export async function deleteDelivery(tx: SqlWriter, id: number): Promise<void> {
  await tx.run('DELETE FROM notification_deliveries WHERE id = $1', [id])
}

export async function postponeDelivery(
  tx: SqlWriter,
  id: number,
  { dueAt, error }: { readonly dueAt: Date; readonly error: string },
): Promise<void> {
  await tx.run(
    'UPDATE notification_deliveries SET attempts = attempts + 1, due_at = $2, last_error = $3 WHERE id = $1',
    [id, dueAt.getTime(), error],
  )
}

/** A receiver that is back has everything at once, whatever was put off until later; answers of how many that was said. */
export async function hastenDeliveries(
  tx: SqlWriter,
  sinkId: string,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  return tx.run(
    `UPDATE notification_deliveries SET due_at = $2 WHERE id IN (SELECT id FROM notification_deliveries
       WHERE sink_id = $1 AND state = 'waiting' AND due_at > $2 ORDER BY due_at LIMIT $3)`,
    [sinkId, now.getTime(), limit],
  )
}

export async function buryDelivery(
  tx: SqlWriter,
  id: number,
  error: string,
  now: Date,
): Promise<void> {
  await tx.run(
    `UPDATE notification_deliveries SET state = 'dead', attempts = attempts + 1, last_error = $2, died_at = $3 WHERE id = $1`,
    [id, error, now.getTime()],
  )
}

/** Up to `limit` of what waits since before that moment, or of all where none is given; answers how many. */
export async function buryWaiting(
  tx: SqlWriter,
  sinkId: string,
  {
    before,
    error,
    limit,
  }: { readonly before: Date | undefined; readonly error: string; readonly limit: number },
  now: Date,
): Promise<number> {
  return tx.run(
    `UPDATE notification_deliveries SET state = 'dead', last_error = COALESCE(last_error, $3), died_at = $4
     WHERE id IN (SELECT id FROM notification_deliveries
       WHERE sink_id = $1 AND state = 'waiting' AND since < $2 ORDER BY id LIMIT $5)`,
    [sinkId, before?.getTime() ?? Number.MAX_SAFE_INTEGER, error, now.getTime(), limit],
  )
}

/** Dead letters of a sink, the oldest first, after an id. */
export async function listDeadLetters(
  reader: SqlReader,
  sinkId: string,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly Delivery[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM notification_deliveries
     WHERE sink_id = $1 AND state = 'dead' AND id > $2 ORDER BY id LIMIT $3`,
    [sinkId, page.after, page.limit],
  )
  return rows.map(deliveryOf)
}

interface ChosenLetters {
  /** Undefined: all. */
  readonly id: number | undefined
  readonly limit: number
}

/** Dead letters wait again as if they were new; answers how many. */
export async function reviveDeadLetters(
  tx: SqlWriter,
  sinkId: string,
  { id, limit }: ChosenLetters,
  now: Date,
): Promise<number> {
  return tx.run(
    `UPDATE notification_deliveries SET state = 'waiting', attempts = 0, due_at = $2, since = $2, died_at = NULL
     WHERE id IN (SELECT id FROM notification_deliveries
       WHERE sink_id = $1 AND state = 'dead' AND (CAST($3 AS BIGINT) IS NULL OR id = $3) ORDER BY id LIMIT $4)`,
    [sinkId, now.getTime(), id ?? null, limit],
  )
}

export async function deleteDeadLetters(
  tx: SqlWriter,
  sinkId: string,
  { id, limit }: ChosenLetters,
): Promise<number> {
  return tx.run(
    `DELETE FROM notification_deliveries WHERE id IN (SELECT id FROM notification_deliveries
       WHERE sink_id = $1 AND state = 'dead' AND (CAST($2 AS BIGINT) IS NULL OR id = $2) ORDER BY id LIMIT $3)`,
    [sinkId, id ?? null, limit],
  )
}

/** Removes dead letters beyond the newest `keep`, and those that died before a moment; answers how many. */
export async function trimDeadLetters(
  tx: SqlWriter,
  sinkId: string,
  bounds: { readonly keep: number; readonly before: Date; readonly limit: number },
): Promise<number> {
  return tx.run(
    `DELETE FROM notification_deliveries WHERE id IN (SELECT id FROM notification_deliveries
       WHERE sink_id = $1 AND state = 'dead' AND (died_at < $2 OR id <= COALESCE((SELECT id FROM notification_deliveries
         WHERE sink_id = $1 AND state = 'dead' ORDER BY id DESC LIMIT 1 OFFSET $3), 0)) ORDER BY id LIMIT $4)`,
    [sinkId, bounds.before.getTime(), bounds.keep, bounds.limit],
  )
}

export interface DeliveryCounts {
  readonly waiting: number
  readonly dead: number
  /** Since when the oldest of those that wait does so. */
  readonly oldest: Date | undefined
}

export async function countDeliveries(reader: SqlReader, sinkId: string): Promise<DeliveryCounts> {
  const row = await reader.first(
    `SELECT COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS waiting,
       COALESCE(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0) AS dead,
       MIN(CASE WHEN state = 'waiting' THEN since END) AS oldest
     FROM notification_deliveries WHERE sink_id = $1`,
    [sinkId],
  )
  const oldest = row === undefined ? undefined : integerOrAbsent(row, 'oldest')
  return {
    waiting: row === undefined ? 0 : integer(row, 'waiting'),
    dead: row === undefined ? 0 : integer(row, 'dead'),
    oldest: oldest === undefined ? undefined : new Date(oldest),
  }
}

export async function countWaiting(reader: SqlReader, sinkId: string): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS waiting FROM notification_deliveries WHERE sink_id = $1 AND state = 'waiting'`,
    [sinkId],
  )
  return row === undefined ? 0 : integer(row, 'waiting')
}

/** Of all sinks, by kind of sink. */
export async function countByKind(
  reader: SqlReader,
): Promise<readonly { readonly kind: string; readonly waiting: number; readonly dead: number }[]> {
  const rows = await reader.all(
    `SELECT s.kind, SUM(CASE WHEN d.state = 'waiting' THEN 1 ELSE 0 END) AS waiting,
       SUM(CASE WHEN d.state = 'dead' THEN 1 ELSE 0 END) AS dead
     FROM notification_deliveries d JOIN notification_sinks s ON s.id = d.sink_id GROUP BY s.kind ORDER BY s.kind`,
  )
  return rows.map((row) => ({
    kind: text(row, 'kind'),
    waiting: integer(row, 'waiting'),
    dead: integer(row, 'dead'),
  }))
}

function deliveryOf(row: SqlRow): Delivery {
  return {
    id: integer(row, 'id'),
    sinkId: text(row, 'sink_id'),
    orderKey: text(row, 'order_key'),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by insertDelivery from a value of this type
    notice: JSON.parse(text(row, 'notice')) as Notice,
    attempts: integer(row, 'attempts'),
    since: instant(row, 'since'),
    dueAt: instant(row, 'due_at'),
    lastError: textOrAbsent(row, 'last_error'),
    diedAt: instantOrAbsent(row, 'died_at'),
  }
}
