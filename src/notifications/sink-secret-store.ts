import type { SealedSecret } from '../access/rules/seal-secret.ts'
import {
  bytes,
  instantOrAbsent,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { SecretPart } from './rules/sink.ts'

export interface SinkSecretRow {
  readonly id: string
  readonly sealed: Uint8Array
  readonly expiresAt: Date | undefined
}

export async function insertSinkSecret(
  tx: SqlWriter,
  row: {
    readonly id: string
    readonly sinkId: string
    readonly part: SecretPart
    readonly secret: SealedSecret
  },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO notification_secrets (id, sink_id, part, secret, sealed_under, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
    [row.id, row.sinkId, row.part, row.secret.bytes, row.secret.under, now.getTime()],
  )
}

/** Those that have not expired, the newest first. */
export async function listSinkSecrets(
  reader: SqlReader,
  asked: { readonly sinkId: string; readonly part: SecretPart },
  now: Date,
): Promise<readonly SinkSecretRow[]> {
  const rows = await reader.all(
    `SELECT id, secret, expires_at FROM notification_secrets
     WHERE sink_id = $1 AND part = $2 AND (expires_at IS NULL OR expires_at > $3) ORDER BY created_at DESC, id`,
    [asked.sinkId, asked.part, now.getTime()],
  )
  return rows.map((row) => ({
    id: text(row, 'id'),
    sealed: bytes(row, 'secret'),
    expiresAt: instantOrAbsent(row, 'expires_at'),
  }))
}

export async function expireSinkSecret(tx: SqlWriter, id: string, at: Date): Promise<void> {
  await tx.run('UPDATE notification_secrets SET expires_at = $2 WHERE id = $1', [id, at.getTime()])
}

export async function deleteSinkSecret(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM notification_secrets WHERE id = $1', [id])
}

export async function deleteExpiredSinkSecrets(tx: SqlWriter, now: Date): Promise<void> {
  await tx.run(
    'DELETE FROM notification_secrets WHERE expires_at IS NOT NULL AND expires_at <= $1',
    [now.getTime()],
  )
}
