// Purpose:  every kind of disagreement between rows and bytes: what it means, what a repair does, what only a person can do.
// Spec:     Pratique's design section 5: bytes are durable before a row names them, a row goes before its bytes.
// Input:    a kind and where it was met.
// Deviates: nothing.
// Unknowns: bytes that cannot be read are told as such and never repaired: the disk may come back.

interface ProblemKindEntry {
  readonly means: string
  /** Undefined when nothing can be done without a person. */
  readonly repair?: string
  /** What is left to a person, with or without the repair. */
  readonly byHand?: string
}

export const problemKinds = {
  'database-damaged': {
    means: 'The database file is damaged.',
    byHand: 'Stop the server and restore a backup: pratique restore FILE DIRECTORY',
  },
  'reference-broken': {
    means: 'A row refers to a row that is not there.',
    byHand: 'Report it: this program writes no such row.',
  },
  'references-dangling': {
    means: 'What a manifest refers to is kept, the manifest is not there.',
    repair: 'these rows are removed',
  },
  'deletion-of-needed-bytes': {
    means: 'Bytes that a row needs are queued for removal.',
    repair: 'they are taken out of the queue',
  },
  'link-dangling': {
    means: 'A repository links a blob that is not there, or on its way out.',
    repair: 'the link is removed',
  },
  'blob-lost': {
    means: 'The bytes of a blob are not there.',
    repair: 'the blob is marked missing, so that clients push it again',
    byHand: 'Push an image that has it, or put its file back and check again.',
  },
  'blob-length': {
    means: 'The bytes of a blob have another length than its row says.',
    repair: 'the blob is marked missing, so that clients push it again',
    byHand: 'Push an image that has it.',
  },
  'blob-damaged': {
    means: 'The bytes of a blob do not have its digest.',
    repair: 'the blob is marked missing, so that clients push it again',
    byHand: 'Push an image that has it.',
  },
  'blob-unreadable': {
    means: 'The bytes of a blob cannot be read.',
    byHand: 'Look at the disk, then check again.',
  },
  'blob-returned': {
    means: 'The bytes of a blob that was marked missing are there again, and right.',
    repair: 'the blob is live again',
  },
  'bytes-without-row': {
    means: 'Stored bytes that no row names, older than two days.',
    repair: 'they are queued for removal by the collector',
  },
  'manifest-damaged': {
    means: 'The bytes of a manifest do not have its digest.',
    byHand: 'Push the image again by this digest, or delete it.',
  },
  'manifest-unreadable': {
    means: 'The bytes of a manifest have its digest, and are no manifest that this program reads.',
    byHand: 'Delete the image, or report it.',
  },
  'references-wrong': {
    means: 'What is kept beside a manifest is not what its bytes say.',
    repair: 'it is written anew from the bytes',
  },
  'manifest-incomplete': {
    means: 'A manifest refers to a blob or manifest that its repository does not have.',
    byHand: 'Push the image again; pulls of it fail until then.',
  },
  'tag-dangling': {
    means: 'A tag points to a manifest that is not there.',
    byHand: 'Push the tag again, or delete it.',
  },
  'upload-bytes-lost': {
    means: 'An open upload has fewer bytes than were acknowledged.',
    repair: 'the upload is ended; its client begins anew',
  },
  'usage-wrong': {
    means: 'The usage that quotas count by is not what is there.',
    repair: 'it is counted anew',
  },
} as const satisfies Readonly<Record<string, ProblemKindEntry>>

export type ProblemKind = keyof typeof problemKinds

export interface StorageProblem {
  readonly kind: ProblemKind
  /** What it is about: a digest, `repository@digest`, `repository:tag`, a storage key. */
  readonly subject: string
  readonly detail: string
  /** possible: by a run that repairs. by-hand: only a person can. */
  readonly repair: 'done' | 'possible' | 'by-hand'
  /** What the repair did or would do, and what is left to a person. */
  readonly advice: string
}

export function problem(
  kind: ProblemKind,
  subject: string,
  detail: string,
  isRepaired: boolean,
): StorageProblem {
  const { repair, byHand }: ProblemKindEntry = problemKinds[kind]
  const advice = [repair, byHand].filter((sentence) => sentence !== undefined).join('. ')
  if (repair === undefined) return { kind, subject, detail, repair: 'by-hand', advice }
  return { kind, subject, detail, repair: isRepaired ? 'done' : 'possible', advice }
}

export interface CheckCounts {
  readonly blobs: number
  readonly hashedBytes: number
  readonly storedKeys: number
  /** Without a row, and too young to be a problem. */
  readonly youngKeys: number
  readonly manifests: number
  readonly tags: number
  readonly links: number
  readonly uploads: number
}

export const noCheckCounts: CheckCounts = {
  blobs: 0,
  hashedBytes: 0,
  storedKeys: 0,
  youngKeys: 0,
  manifests: 0,
  tags: 0,
  links: 0,
  uploads: 0,
}

export function addCheckCounts(total: CheckCounts, more: Partial<CheckCounts>): CheckCounts {
  const sum = (key: keyof CheckCounts): number => total[key] + (more[key] ?? 0)
  return {
    blobs: sum('blobs'),
    hashedBytes: sum('hashedBytes'),
    storedKeys: sum('storedKeys'),
    youngKeys: sum('youngKeys'),
    manifests: sum('manifests'),
    tags: sum('tags'),
    links: sum('links'),
    uploads: sum('uploads'),
  }
}
