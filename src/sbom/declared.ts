import type { Distribution } from '../ecosystems/ecosystem.ts'
import type { ReadComponent, RefusedComponent } from './read-package.ts'

/** What a document of either form says. */
export interface Declared {
  /** `CycloneDX 1.6`, `SPDX-2.3`. */
  readonly format: string
  readonly subject: string | undefined
  readonly distribution: Distribution | undefined
  readonly components: readonly ReadComponent[]
  /** Components that cannot be looked up, each with why. */
  readonly refused: readonly RefusedComponent[]
  /** What the document says of its own gaps. */
  readonly gaps: readonly string[]
}
