import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  instantOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { accountIn } from './profile-store.ts'

/** One signature that was made. */
export interface SigningJob {
  readonly id: string
  /** The profile's owner. */
  readonly account: AccountId
  readonly profile: string
  readonly version: string
  /** The account of who asked. */
  readonly invoker: AccountId
  readonly requestedBy: string
  /** What the payload speaks of. */
  readonly digest: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revocation:
    { readonly at: Date; readonly by: string; readonly reason: string } | undefined
}

export async function insertJob(tx: SqlWriter, job: SigningJob): Promise<void> {
  const { id, account, profile, version, invoker, requestedBy, digest, createdAt, expiresAt } = job
  await tx.run(
    `INSERT INTO signing_jobs (id, account, profile, version, invoker, requested_by, digest, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      id,
      account,
      profile,
      version,
      invoker,
      requestedBy,
      digest,
      createdAt.getTime(),
      expiresAt.getTime(),
    ],
  )
}

export async function findJob(
  reader: SqlReader,
  account: AccountId,
  id: string,
): Promise<SigningJob | undefined> {
  const row = await reader.first('SELECT * FROM signing_jobs WHERE account = $1 AND id = $2', [
    account,
    id,
  ])
  return row === undefined ? undefined : jobOf(row)
}

/** Newest first. */
export async function listStoredJobs(
  reader: SqlReader,
  account: AccountId,
  page: {
    readonly before: { readonly at: number; readonly id: string } | undefined
    readonly limit: number
  },
): Promise<readonly SigningJob[]> {
  const { at, id } = page.before ?? { at: Number.MAX_SAFE_INTEGER, id: '' }
  const rows = await reader.all(
    `SELECT * FROM signing_jobs WHERE account = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3))
     ORDER BY created_at DESC, id DESC LIMIT $4`,
    [account, at, id, page.limit],
  )
  return rows.map(jobOf)
}

export async function writeJobRevocation(
  tx: SqlWriter,
  { account, id }: Pick<SigningJob, 'account' | 'id'>,
  { at, by, reason }: NonNullable<SigningJob['revocation']>,
): Promise<void> {
  await tx.run(
    `UPDATE signing_jobs SET revoked_at = $3, revoked_by = $4, revoke_reason = $5 WHERE account = $1 AND id = $2`,
    [account, id, at.getTime(), by, reason],
  )
}

function jobOf(row: SqlRow): SigningJob {
  const at = instantOrAbsent(row, 'revoked_at')
  return {
    id: text(row, 'id'),
    account: accountIn(row),
    profile: text(row, 'profile'),
    version: text(row, 'version'),
    invoker: accountIn(row, 'invoker'),
    requestedBy: text(row, 'requested_by'),
    digest: text(row, 'digest'),
    createdAt: instant(row, 'created_at'),
    expiresAt: instant(row, 'expires_at'),
    revocation:
      at === undefined
        ? undefined
        : {
            at,
            by: text(row, 'revoked_by'),
            reason: textOrAbsent(row, 'revoke_reason') ?? '',
          },
  }
}
