import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import { enqueue } from '../jobs/queue.ts'
import type { Repository } from './repository-store.ts'
import { signatureSubjectOf } from './rules/companion-tag.ts'

/** What this room tells others, written in the transaction in which it happened. */
export type RegistryEvent =
  | ({ readonly kind: 'ImagePushed' | 'ImageDeleted' } & ToldManifest)
  /** The manifest stays. */
  | ({ readonly kind: 'TagDeleted' } & ToldManifest)
  /** It stays, and is not served; it is served again. */
  | ({ readonly kind: 'ImageArchived' | 'ImageRestored' } & ToldManifest)

interface ToldManifest {
  readonly digest: Digest
  readonly tags: readonly Tag[]
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
}

/** The job that every push asks for; other rooms say in app.ts what it does. */
export const imagePushedJob = 'image-pushed'
/** The job that is asked for when something beside an image changes that may be a signature of it; app.ts says what it does. */
export const referrersChangedJob = 'referrers-changed'
/** Work for somebody who waits goes before every kind of backlog. */
export const pushPriority = 10
/** Before scans: it takes milliseconds, and services wait for it. */
const referrersPriority = 12

export async function recordEvent(
  tx: SqlWriter,
  repository: Repository,
  event: RegistryEvent,
  now: Date,
): Promise<void> {
  const { kind, ...detail } = event
  await tx.run(
    'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)',
    [kind, repository.account, repository.name, JSON.stringify(detail), now.getTime()],
  )
  await askAboutSubjects(tx, repository, event, now)
  if (kind !== 'ImagePushed') return
  const input = { repositoryId: repository.id, digest: event.digest }
  const key = `${repository.id}/${event.digest}`
  const fairKey = repository.account
  await enqueue(tx, { kind: imagePushedJob, key, input, priority: pushPriority, fairKey }, now)
}

/** Whose referrers change with it: its subject, the images that its tags are about, and itself where they were here before it. */
async function askAboutSubjects(
  tx: SqlWriter,
  repository: Repository,
  event: RegistryEvent,
  now: Date,
): Promise<void> {
  const { kind, digest, tags, subject } = event
  const named = tags.flatMap((tag) => signatureSubjectOf(tag) ?? [])
  const own = kind === 'ImagePushed' && (await isReferredTo(tx, repository.id, digest))
  const subjects = [...(subject === undefined ? [] : [subject]), ...named, ...(own ? [digest] : [])]
  for (const one of new Set(subjects)) {
    const input = { repositoryId: repository.id, digest: one }
    const key = `${repository.id}/${one}`
    const fairKey = repository.account
    const job = { kind: referrersChangedJob, key, input, priority: referrersPriority, fairKey }
    await enqueue(tx, job, now)
  }
}

/** Clients push signatures before what they sign. */
async function isReferredTo(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<boolean> {
  const tag = digest.replace(':', '-')
  const row = await reader.first(
    `SELECT 1 AS one FROM manifests WHERE repository_id = $1 AND subject_digest = $2
     UNION ALL SELECT 1 FROM tags WHERE repository_id = $1 AND name IN ($3, $4) LIMIT 1`,
    [repositoryId, digest, `${tag}.sig`, `${tag}.att`],
  )
  return row !== undefined
}
