// What higher rooms have a say in: given as functions, so that this room knows nothing of them.
import type { SqlReader } from '../storage/database/database.ts'

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
