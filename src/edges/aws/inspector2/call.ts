import type { Caller } from '../../../access/caller.ts'
import type { SealKeys } from '../../../access/rules/seal.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ids } from '../../../lib/ids.ts'
import type { Aggregations } from '../../../scanning/aggregate-records.ts'
import type { ImageContent } from '../../../scanning/image-scan.ts'
import type { RegistryDefaults } from '../../../scanning/rules/scanning-rules.ts'
import type { RecordListDeps } from '../../../scanning/record-walk.ts'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Database } from '../../../storage/database/database.ts'

/** What the operations of this service use, all together; each takes the part it names. */
export interface InspectorDeps extends RecordListDeps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly pagingKey: SealKeys
  readonly aggregations: Aggregations
  readonly contentOf: (repositoryId: number) => ImageContent
  readonly defaults: RegistryDefaults
  readonly downloadKey: SealKeys
  /** What clients are told: `http://127.0.0.1:5080`. */
  readonly url: () => string
  /** Told after something was committed that a job waits for. */
  readonly wake: () => void
}

export interface InspectorCall {
  readonly caller: Caller
}

/** AWS's epoch seconds with a fraction. */
export function epochSeconds(date: Date): number {
  return date.getTime() / 1000
}
