import type { SealKeys } from '../../../access/rules/seal.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ids } from '../../../lib/ids.ts'
import type { Database } from '../../../storage/database/database.ts'

/** What the operations of this service use, all together; each takes the part it names. */
export interface IamDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  /** Seals the secrets of access keys. */
  readonly accessKeyKey: SealKeys
  readonly pagingKey: SealKeys
}
