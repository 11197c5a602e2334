// Purpose:  the order of a collection, and what it has done so far.
// Spec:     Pratique's design section 5: rows go before bytes, live → deleting → bytes → row.
// Input:    the phase that has come to its end; counts of one batch.
// Deviates: nothing.
// Unknowns: nothing; a phase that this program does not know is a fault of the database.

/**
 * uploads: sessions that nobody touched for long. manifests: without tag, index and subject, if asked for. links: of blobs that
 * no manifest of the repository refers to. blobs: that no repository links. orphans: bytes that no row names, a part of the store at a time. bytes: of what was let go of,
 * past the grace of readers.
 */
export const collectionPhases = [
  'uploads',
  'manifests',
  'links',
  'blobs',
  'orphans',
  'bytes',
] as const
export type CollectionPhase = (typeof collectionPhases)[number]

export function parseCollectionPhase(text: string): CollectionPhase | undefined {
  return collectionPhases.find((phase) => phase === text)
}

/** Undefined after the last. */
export function phaseAfter(phase: CollectionPhase): CollectionPhase | undefined {
  return collectionPhases[collectionPhases.indexOf(phase) + 1]
}

export interface CollectionCounts {
  readonly uploads: number
  readonly manifests: number
  /** Blobs taken out of a repository. */
  readonly links: number
  /** Blobs that no repository has any more, and their bytes, which go after the grace of readers. */
  readonly retiredBlobs: number
  readonly retiredBytes: number
  /** Bytes that no row names: seen for the first time, and queued for removal since they were seen before. */
  readonly orphansSeen: number
  readonly orphansQueued: number
  /** Stored keys removed, and what they held. */
  readonly removedKeys: number
  readonly removedBytes: number
  /** What could not be removed; it is tried again. */
  readonly failed: number
}

export const noCounts: CollectionCounts = {
  uploads: 0,
  manifests: 0,
  links: 0,
  retiredBlobs: 0,
  retiredBytes: 0,
  orphansSeen: 0,
  orphansQueued: 0,
  removedKeys: 0,
  removedBytes: 0,
  failed: 0,
}

export function addCounts(
  total: CollectionCounts,
  batch: Partial<CollectionCounts>,
): CollectionCounts {
  const sum = (key: keyof CollectionCounts): number => total[key] + (batch[key] ?? 0)
  return {
    uploads: sum('uploads'),
    manifests: sum('manifests'),
    links: sum('links'),
    retiredBlobs: sum('retiredBlobs'),
    retiredBytes: sum('retiredBytes'),
    orphansSeen: sum('orphansSeen'),
    orphansQueued: sum('orphansQueued'),
    removedKeys: sum('removedKeys'),
    removedBytes: sum('removedBytes'),
    failed: sum('failed'),
  }
}
