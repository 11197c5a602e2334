import type { Digest } from '../oci/digest.ts'
import {
  bytes,
  instant,
  instantOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { EarlierSigning, SigningState } from './rules/managed-signing.ts'

export interface ImageKey {
  readonly repositoryId: number
  readonly digest: Digest
}

export interface SigningKeyOfImage extends ImageKey {
  readonly profileArn: string
}

/** One profile's signature of one image, from the push on that asked for it. */
export interface ImageSigning extends EarlierSigning, SigningKeyOfImage {
  readonly state: SigningState
  /** Who pushed, as `writeCaller` writes it. */
  readonly caller: string
  readonly askedAt: Date
  readonly made:
    { readonly envelope: Uint8Array; readonly jobId: string; readonly at: Date } | undefined
  readonly failure: { readonly code: string; readonly reason: string } | undefined
}

export async function listImageSignings(
  reader: SqlReader,
  { repositoryId, digest }: ImageKey,
): Promise<readonly ImageSigning[]> {
  const rows = await reader.all(
    'SELECT * FROM image_signings WHERE repository_id = $1 AND digest = $2 ORDER BY asked_at, profile_arn',
    [repositoryId, digest],
  )
  return rows.map((row) => signingOf(row, { repositoryId, digest }))
}

/** Whether a signature that a push asked for is still to come. */
export async function isBeingSigned(
  reader: SqlReader,
  { repositoryId, digest }: ImageKey,
): Promise<boolean> {
  const row = await reader.first(
    `SELECT profile_arn FROM image_signings WHERE repository_id = $1 AND digest = $2 AND state = 'IN_PROGRESS' LIMIT 1`,
    [repositoryId, digest],
  )
  return row !== undefined
}

/** In the place of what an earlier push left. */
export async function writeAskedSigning(
  tx: SqlWriter,
  asked: SigningKeyOfImage & { readonly caller: string },
  now: Date,
): Promise<void> {
  const { repositoryId, digest, profileArn, caller } = asked
  await tx.run(
    `INSERT INTO image_signings (repository_id, digest, profile_arn, state, caller, asked_at)
     VALUES ($1, $2, $3, 'IN_PROGRESS', $4, $5)
     ON CONFLICT (repository_id, digest, profile_arn) DO UPDATE SET state = excluded.state, caller = excluded.caller,
       asked_at = excluded.asked_at, version = NULL, job_id = NULL, envelope = NULL, signed_at = NULL,
       signature_digest = NULL, failure_code = NULL, failure_reason = NULL`,
    [repositoryId, digest, profileArn, caller, now.getTime()],
  )
}

/** False where it was asked for anew, or made, meanwhile. */
export async function writeMadeSigning(
  tx: SqlWriter,
  signing: ImageSigning,
  made: NonNullable<ImageSigning['made']> & { readonly version: string },
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE image_signings SET version = $5, job_id = $6, envelope = $7, signed_at = $8
     WHERE repository_id = $1 AND digest = $2 AND profile_arn = $3 AND caller = $4 AND state = 'IN_PROGRESS' AND envelope IS NULL`,
    [
      signing.repositoryId,
      signing.digest,
      signing.profileArn,
      signing.caller,
      made.version,
      made.jobId,
      made.envelope,
      made.at.getTime(),
    ],
  )
  return changed === 1
}

export async function writeCompleteSigning(
  tx: SqlWriter,
  { repositoryId, digest, profileArn }: SigningKeyOfImage,
  signature: Digest,
): Promise<void> {
  await tx.run(
    `UPDATE image_signings SET state = 'COMPLETE', signature_digest = $4, envelope = NULL
     WHERE repository_id = $1 AND digest = $2 AND profile_arn = $3`,
    [repositoryId, digest, profileArn, signature],
  )
}

/** Only of the push that it was judged for. */
export async function writeFailedSigning(
  tx: SqlWriter,
  { repositoryId, digest, profileArn, caller }: ImageSigning,
  { code, reason }: NonNullable<ImageSigning['failure']>,
): Promise<void> {
  await tx.run(
    `UPDATE image_signings SET state = 'FAILED', failure_code = $5, failure_reason = $6, envelope = NULL
     WHERE repository_id = $1 AND digest = $2 AND profile_arn = $3 AND caller = $4 AND state = 'IN_PROGRESS'`,
    [repositoryId, digest, profileArn, caller, code, reason],
  )
}

function signingOf(row: SqlRow, key: ImageKey): ImageSigning {
  const [code, at] = [textOrAbsent(row, 'failure_code'), instantOrAbsent(row, 'signed_at')]
  return {
    ...key,
    profileArn: text(row, 'profile_arn'),
    state: stateOf(text(row, 'state')),
    version: textOrAbsent(row, 'version'),
    caller: text(row, 'caller'),
    askedAt: instant(row, 'asked_at'),
    made:
      row['envelope'] === null || at === undefined
        ? undefined
        : { envelope: bytes(row, 'envelope'), jobId: text(row, 'job_id'), at },
    failure:
      code === undefined ? undefined : { code, reason: textOrAbsent(row, 'failure_reason') ?? '' },
  }
}

function stateOf(word: string): SigningState {
  const state = (['IN_PROGRESS', 'COMPLETE', 'FAILED'] as const).find((one) => one === word)
  if (state === undefined) throw new Error(`image_signings.state is ${word}`)
  return state
}
