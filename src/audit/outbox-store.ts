import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

/** Something that this program did by itself, or that nobody waits for: told to the audit log after the transaction that it is a fact in. */
export interface OwnDeed {
  /** Whose log it stands in. */
  readonly account: AccountId
  /** `pratique:SignatureMade`: the event's name. */
  readonly name: string
  /** Which part of the program did it: `signing`. */
  readonly by: string
  /** ARN; undefined where there is none. */
  readonly resource: string | undefined
  /** What the log knows by name. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outcome: Readonly<Record<string, unknown>>
}

export interface WaitingDeed extends OwnDeed {
  readonly id: number
  readonly at: Date
}

export async function insertDeed(tx: SqlWriter, deed: OwnDeed, now: Date): Promise<void> {
  await tx.run('INSERT INTO audit_outbox (account, detail, at) VALUES ($1, $2, $3)', [
    deed.account,
    JSON.stringify(deed),
    now.getTime(),
  ])
}

/** Oldest first. */
export async function listDeeds(reader: SqlReader, limit: number): Promise<readonly WaitingDeed[]> {
  const rows = await reader.all('SELECT id, detail, at FROM audit_outbox ORDER BY id LIMIT $1', [
    limit,
  ])
  return rows.map((row) => ({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by insertDeed
    ...(JSON.parse(text(row, 'detail')) as OwnDeed),
    id: integer(row, 'id'),
    at: instant(row, 'at'),
  }))
}

/** Those up to that one. */
export async function deleteDeeds(tx: SqlWriter, last: number): Promise<void> {
  await tx.run('DELETE FROM audit_outbox WHERE id <= $1', [last])
}
