// What a lifecycle policy is evaluated over: facts of one image, wherever they were read.
import type { StorageClass } from './lifecycle-policy.ts'

/** Dates are epoch milliseconds. */
export interface LifecycleImage {
  readonly digest: string
  readonly tags: readonly string[]
  readonly pushedAt: number
  readonly storageClass: StorageClass
  /** Absent where no pull was recorded. */
  readonly lastPulledAt?: number
  /** When it was archived last. */
  readonly archivedAt?: number
  /** When it was brought back from the archive last. */
  readonly restoredAt?: number
  /** Indexes of the same repository that list it. */
  readonly heldBy: readonly string[]
  /** What it refers to, or belongs to by the tags that a client made of that digest, be that there or not. */
  readonly subject?: string
  readonly artifactType?: string
}

/**
 * Younger before older; of one push time, the smaller digest counts as the younger (AWS does not say which).
 */
export function youngerFirst(left: LifecycleImage, right: LifecycleImage): number {
  if (left.pushedAt !== right.pushedAt) return right.pushedAt - left.pushedAt
  return left.digest < right.digest ? -1 : Number(left.digest > right.digest)
}
