import { parseAccountId, type AccountId } from '../policy/account-id.ts'
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
import type { SinkRule } from './rules/sink-rule.ts'
import type { SinkSettings } from './rules/sink.ts'

/** Where messages of an account go. */
export interface Sink {
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly settings: SinkSettings
  readonly rule: SinkRule
  /** Undefined: each message by itself. */
  readonly digestSeconds: number | undefined
  readonly createdBy: string
  readonly createdAt: Date
  /** The newest event when it was made: it is told of what came after that. */
  readonly afterEvent: number
  readonly state: 'active' | 'disabled'
  readonly stateReason: string | undefined
  readonly health: SinkHealth
  readonly update: SinkUpdate
}

export interface SinkHealth {
  /** Since the last success. */
  readonly failures: number
  readonly failingSince: Date | undefined
  readonly pausedUntil: Date | undefined
  readonly lastError: string | undefined
  readonly lastDeliveredAt: Date | undefined
  readonly delivered: number
  /** Dead letters that gave way to newer ones. */
  readonly dropped: number
}

/** What one revision of the vulnerability data made for the sink. */
export interface SinkUpdate {
  readonly revision: number | undefined
  readonly messages: number
  /** Its findings are held for a digest. */
  readonly isHeld: boolean
}

const columns = `s.id, s.account, s.name, s.settings, s.rule, s.digest_seconds, s.created_by, s.created_at, s.after_event, s.state,
  s.state_reason, s.failures, s.failing_since, s.paused_until, s.last_error, s.last_delivered_at, s.delivered, s.dropped,
  s.update_revision, s.update_messages, s.update_held`

export async function insertSink(
  tx: SqlWriter,
  sink: Omit<Sink, 'state' | 'stateReason' | 'health' | 'update'>,
): Promise<boolean> {
  const written = await tx.run(
    `INSERT INTO notification_sinks (id, account, name, kind, settings, rule, digest_seconds, created_by, created_at, after_event,
       state, failures, delivered, dropped, update_messages, update_held)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active', 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`,
    [
      sink.id,
      sink.account,
      sink.name,
      sink.settings.kind,
      JSON.stringify(sink.settings),
      JSON.stringify(sink.rule),
      sink.digestSeconds ?? null,
      sink.createdBy,
      sink.createdAt.getTime(),
      sink.afterEvent,
    ],
  )
  return written > 0
}

export async function findSink(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<Sink | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM notification_sinks s WHERE s.account = $1 AND s.name = $2`,
    [account, name],
  )
  return row === undefined ? undefined : sinkOf(row)
}

export async function findSinkById(reader: SqlReader, id: string): Promise<Sink | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM notification_sinks s WHERE s.id = $1`, [
    id,
  ])
  return row === undefined ? undefined : sinkOf(row)
}

/** All of an account, by name: twenty at most. */
export async function listSinks(reader: SqlReader, account: AccountId): Promise<readonly Sink[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM notification_sinks s WHERE s.account = $1 ORDER BY s.name`,
    [account],
  )
  return rows.map(sinkOf)
}

/** Those that are told of what happens; a closed account is told nothing. */
export async function listListeningSinks(reader: SqlReader): Promise<readonly Sink[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM notification_sinks s JOIN accounts a ON a.id = s.account
     WHERE s.state = 'active' AND a.state = 'active' ORDER BY s.account, s.name`,
  )
  return rows.map(sinkOf)
}

/** Those of open accounts that have a message due and are not paused. */
export async function listSinksWithDue(reader: SqlReader, now: Date): Promise<readonly Sink[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM notification_sinks s JOIN accounts a ON a.id = s.account
     WHERE s.state = 'active' AND a.state = 'active' AND (s.paused_until IS NULL OR s.paused_until <= $1) AND EXISTS (
       SELECT 1 FROM notification_deliveries d WHERE d.sink_id = s.id AND d.state = 'waiting' AND d.due_at <= $1)
     ORDER BY s.id`,
    [now.getTime()],
  )
  return rows.map(sinkOf)
}

export async function listAllSinkIds(reader: SqlReader): Promise<readonly string[]> {
  const rows = await reader.all('SELECT id FROM notification_sinks ORDER BY id')
  return rows.map((row) => text(row, 'id'))
}

export async function countSinks(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    'SELECT COUNT(*) AS sinks FROM notification_sinks WHERE account = $1',
    [account],
  )
  return row === undefined ? 0 : integer(row, 'sinks')
}

export async function updateSink(
  tx: SqlWriter,
  id: string,
  { rule, digestSeconds }: Pick<Sink, 'rule' | 'digestSeconds'>,
): Promise<void> {
  await tx.run('UPDATE notification_sinks SET rule = $2, digest_seconds = $3 WHERE id = $1', [
    id,
    JSON.stringify(rule),
    digestSeconds ?? null,
  ])
}

/** One that is active again begins without the failures of before. */
export async function writeSinkState(
  tx: SqlWriter,
  id: string,
  { state, stateReason }: Pick<Sink, 'state' | 'stateReason'>,
): Promise<void> {
  await tx.run(
    `UPDATE notification_sinks SET state = $2, state_reason = $3, failures = 0, failing_since = NULL, paused_until = NULL
     WHERE id = $1`,
    [id, state, stateReason ?? null],
  )
}

export async function recordSinkSuccess(tx: SqlWriter, id: string, now: Date): Promise<void> {
  await tx.run(
    `UPDATE notification_sinks SET delivered = delivered + 1, last_delivered_at = $2, failures = 0, failing_since = NULL,
       paused_until = NULL WHERE id = $1`,
    [id, now.getTime()],
  )
}

export async function recordSinkFailure(
  tx: SqlWriter,
  id: string,
  failure: { readonly error: string; readonly pausedUntil: Date | undefined },
  now: Date,
): Promise<void> {
  await tx.run(
    `UPDATE notification_sinks SET failures = failures + 1, failing_since = COALESCE(failing_since, $2), last_error = $3,
       paused_until = $4 WHERE id = $1`,
    [id, now.getTime(), failure.error, failure.pausedUntil?.getTime() ?? null],
  )
}

export async function writeSinkUpdate(
  tx: SqlWriter,
  id: string,
  { revision, messages, isHeld }: SinkUpdate,
): Promise<void> {
  await tx.run(
    'UPDATE notification_sinks SET update_revision = $2, update_messages = $3, update_held = $4 WHERE id = $1',
    [id, revision ?? null, messages, isHeld ? 1 : 0],
  )
}

export async function addDropped(tx: SqlWriter, id: string, dropped: number): Promise<void> {
  await tx.run('UPDATE notification_sinks SET dropped = dropped + $2 WHERE id = $1', [id, dropped])
}

/** Its secrets, what waits, its dead letters and its digest go with it. */
export async function deleteSink(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM notification_sinks WHERE id = $1', [id])
}

function sinkOf(row: SqlRow): Sink {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('notification_sinks.account is no account')
  return {
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    settings: parseColumn<SinkSettings>(text(row, 'settings')),
    rule: ruleIn(text(row, 'rule')),
    digestSeconds: integerOrAbsent(row, 'digest_seconds'),
    createdBy: text(row, 'created_by'),
    createdAt: instant(row, 'created_at'),
    afterEvent: integer(row, 'after_event'),
    state: text(row, 'state') === 'active' ? 'active' : 'disabled',
    stateReason: textOrAbsent(row, 'state_reason'),
    health: {
      failures: integer(row, 'failures'),
      failingSince: instantOrAbsent(row, 'failing_since'),
      pausedUntil: instantOrAbsent(row, 'paused_until'),
      lastError: textOrAbsent(row, 'last_error'),
      lastDeliveredAt: instantOrAbsent(row, 'last_delivered_at'),
      delivered: integer(row, 'delivered'),
      dropped: integer(row, 'dropped'),
    },
    update: {
      revision: integerOrAbsent(row, 'update_revision'),
      messages: integer(row, 'update_messages'),
      isHeld: integer(row, 'update_held') === 1,
    },
  }
}

/** JSON has no undefined members. */
function ruleIn(column: string): SinkRule {
  const { minSeverity, ...others } = parseColumn<SinkRule>(column)
  return { ...others, minSeverity }
}

/** JSON that this store wrote itself. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what was written there
function parseColumn<T>(column: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by insertSink from a value of this type
  return JSON.parse(column) as T
}
