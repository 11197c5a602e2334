import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { enqueue } from '../jobs/queue.ts'
import type { Repository } from './repository-store.ts'

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
/** Work for somebody who waits goes before every kind of backlog. */
export const pushPriority = 10

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
  if (kind !== 'ImagePushed') return
  const input = { repositoryId: repository.id, digest: event.digest }
  const key = `${repository.id}/${event.digest}`
  const fairKey = repository.account
  await enqueue(tx, { kind: imagePushedJob, key, input, priority: pushPriority, fairKey }, now)
}
