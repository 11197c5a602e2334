// What the parts of a storage check are given, and what they come upon.
import type { Clock } from '../lib/clock.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { EmbeddedDatabase } from '../storage/database/database.ts'
import type { CheckCounts, StorageProblem } from './rules/storage-problems.ts'

export interface CheckDeps {
  readonly database: EmbeddedDatabase
  readonly blobs: BlobStore
  readonly clock: Clock
}

export interface CheckInput {
  /** Whether what can be mended without loss is mended. */
  readonly repair: boolean
  /** Whether the bytes of every live blob are read and hashed. */
  readonly hashes: boolean
  /** Of that reading. */
  readonly maxBytesPerSecond?: number | undefined
}

export interface CheckOptions {
  readonly signal: AbortSignal
}

/** What one part of a check comes upon. */
export type CheckStep =
  | { readonly kind: 'counted'; readonly counts: Partial<CheckCounts> }
  | { readonly kind: 'problem'; readonly problem: StorageProblem }
  /** Nothing yet: a sign of life. */
  | { readonly kind: 'working' }
