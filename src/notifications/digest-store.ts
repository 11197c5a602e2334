import {
  instant,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { DigestSummary } from './rules/notice.ts'

/** What is gathered for a sink until it is due. */
export interface OpenDigest {
  readonly sinkId: string
  /** Of the message that it becomes. */
  readonly noticeId: string
  readonly dueAt: Date
  readonly summary: DigestSummary
}

export async function findDigest(
  reader: SqlReader,
  sinkId: string,
): Promise<OpenDigest | undefined> {
  const row = await reader.first(
    'SELECT sink_id, notice_id, due_at, summary FROM notification_digests WHERE sink_id = $1',
    [sinkId],
  )
  return row === undefined ? undefined : digestOf(row)
}

export async function writeDigest(tx: SqlWriter, digest: OpenDigest): Promise<void> {
  await tx.run(
    `INSERT INTO notification_digests (sink_id, notice_id, due_at, summary) VALUES ($1, $2, $3, $4)
     ON CONFLICT (sink_id) DO UPDATE SET summary = excluded.summary, due_at = excluded.due_at`,
    [digest.sinkId, digest.noticeId, digest.dueAt.getTime(), JSON.stringify(digest.summary)],
  )
}

export async function listDueDigests(
  reader: SqlReader,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<readonly OpenDigest[]> {
  const rows = await reader.all(
    `SELECT sink_id, notice_id, due_at, summary FROM notification_digests WHERE due_at <= $1 ORDER BY due_at, sink_id LIMIT $2`,
    [now.getTime(), limit],
  )
  return rows.map(digestOf)
}

export async function deleteDigest(tx: SqlWriter, sinkId: string): Promise<void> {
  await tx.run('DELETE FROM notification_digests WHERE sink_id = $1', [sinkId])
}

function digestOf(row: SqlRow): OpenDigest {
  return {
    sinkId: text(row, 'sink_id'),
    noticeId: text(row, 'notice_id'),
    dueAt: instant(row, 'due_at'),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by writeDigest from a value of this type
    summary: JSON.parse(text(row, 'summary')) as DigestSummary,
  }
}
