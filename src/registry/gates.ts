// What higher rooms have a say in: given as functions, so that this room knows nothing of them.
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import type { Repository } from './repository-store.ts'

/**
 * Asked within the transaction that makes a push count. It throws where the push may not count any more: bytes take their time,
 * and what was allowed when they began may be denied when they have come.
 */
export type CommitGate = (tx: SqlReader, pushed?: PushedManifest) => Promise<void>

/** What only the bytes of a manifest could tell. */
export interface PushedManifest {
  /** Its own, else its config's media type, as referrers are listed by it. */
  readonly artifactType: string | undefined
}

/** Told within the transaction of a push when everything of it is written: what it writes is there from the push on, or neither is. */
export type PushWitness = (tx: SqlWriter, push: StoredPush, now: Date) => Promise<void>

export interface StoredPush {
  readonly repository: Repository
  readonly digest: Digest
  readonly tags: readonly Tag[]
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
}
