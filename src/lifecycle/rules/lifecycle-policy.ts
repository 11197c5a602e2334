// The words of a lifecycle policy once it is read; parse-lifecycle.ts makes them.

/** What ECR calls the storage class of an image. */
export type StorageClass = 'standard' | 'archive'

/** A day is 24 hours of UTC: neither daylight saving nor a leap second makes one longer. */
export const dayMs = 86_400_000

export interface LifecyclePolicy {
  /** In order of priority, the lowest number first. */
  readonly rules: readonly LifecycleRule[]
}

export interface LifecycleRule {
  readonly priority: number
  readonly description: string | undefined
  readonly selection: LifecycleSelection
  readonly count: LifecycleCount
  readonly action: LifecycleAction
}

export type LifecycleAction = 'expire' | 'archive'

/** Which images a rule is about, whatever their number or age. */
export interface LifecycleSelection {
  readonly storageClass: StorageClass
  readonly tags: TagSelection
}

export type TagSelection =
  | { readonly kind: 'any' }
  | { readonly kind: 'untagged' }
  /** Each of them must match one tag of the image at least. A prefix is the pattern with a star behind it. */
  | {
      readonly kind: 'tagged'
      readonly written: 'prefix' | 'pattern'
      readonly all: readonly string[]
    }

export type LifecycleCount =
  | { readonly kind: 'more-than'; readonly keep: number }
  | {
      readonly kind: 'since'
      readonly event: 'pushed' | 'pulled' | 'archived'
      readonly days: number
    }
