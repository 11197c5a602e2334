import type { Clock } from '../../lib/clock.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageContent } from '../../scanning/image-scan.ts'
import type { RegistryDefaults } from '../../scanning/rules/scanning-rules.ts'
import type { Suppressions } from '../../scanning/suppressions.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import type { TrustPlace } from '../../trust/load-policies.ts'

export interface ImageDeps {
  readonly database: SqlReader
  readonly clock: Clock
  readonly defaults: RegistryDefaults
  readonly suppressions: Suppressions
  readonly contentOf: (repositoryId: number) => ImageContent
  readonly place: TrustPlace
  /** So many images of each repository are looked into. */
  readonly looked: number
}

/** An image, or a platform of an index. */
export interface ImageTarget {
  readonly digest: Digest
  readonly platform: string | undefined
}
