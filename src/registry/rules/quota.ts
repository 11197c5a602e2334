// Purpose:  may an account and a repository take more?
// Spec:     Pratique's design; ECR has service quotas with the same refusal (LimitExceededException).
// Input:    usage and limits as stored; what would be added.
// Deviates: nothing.
// Unknowns: a limit that is not set is none; usage above a limit set later refuses additions and removes nothing.

export interface Quota {
  /** Bytes of blobs, each once, and of manifests; undefined for no limit. */
  readonly maxBytes: number | undefined
  /** Manifests of every kind; undefined for no limit. */
  readonly maxImages: number | undefined
}

export interface Usage {
  readonly bytes: number
  readonly images: number
}

export interface QuotaState extends Quota {
  readonly scope: 'account' | 'repository'
  readonly name: string
  readonly used: Usage
  /** Bytes of uploads that are open: they count while they last. */
  readonly openBytes: number
}

export interface QuotaRefusal {
  readonly scope: QuotaState['scope']
  readonly name: string
  readonly unit: 'bytes' | 'images'
  readonly limit: number
  readonly used: number
  readonly added: number
}

/** The first limit that the addition would pass; undefined when there is room everywhere. */
export function findExceeded(
  states: readonly QuotaState[],
  added: Usage,
): QuotaRefusal | undefined {
  for (const { scope, name, maxBytes, maxImages, used, openBytes } of states) {
    const bytes = used.bytes + openBytes
    if (maxBytes !== undefined && added.bytes > 0 && bytes + added.bytes > maxBytes) {
      return { scope, name, unit: 'bytes', limit: maxBytes, used: bytes, added: added.bytes }
    }
    if (maxImages !== undefined && added.images > 0 && used.images + added.images > maxImages) {
      const { images } = used
      return { scope, name, unit: 'images', limit: maxImages, used: images, added: added.images }
    }
  }
  return undefined
}

/** How many bytes still fit; undefined without a limit. */
export function roomFor(states: readonly QuotaState[]): number | undefined {
  const rooms = states.flatMap(({ maxBytes, used, openBytes }) =>
    maxBytes === undefined ? [] : [Math.max(0, maxBytes - used.bytes - openBytes)],
  )
  return rooms.length === 0 ? undefined : Math.min(...rooms)
}
