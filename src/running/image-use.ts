// Where an image runs, as far as anybody told.
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'

/** By what it was last known to run: a webhook let it, Gatekeeper was told that it may, the cluster said so itself. */
export const sightings = ['admission', 'gatekeeper', 'report'] as const
export type Sighting = (typeof sightings)[number]

export interface ImageKey {
  readonly account: AccountId
  readonly repositoryId: number
  readonly repository: string
  readonly digest: Digest
}

/** Texts are empty where nobody told. */
export interface UsePlace {
  readonly cluster: string
  readonly namespace: string
  readonly workloadKind: string
  readonly workloadName: string
}

/** What is known of its running. */
export interface Seen {
  readonly firstSeenAt: Date
  readonly seenAt: Date
  readonly seenBy: Sighting
  /** From when on it is not taken to run; undefined: it is. */
  readonly endedAt: Date | undefined
  /** Containers, of the last report; undefined where nobody counted. */
  readonly units: number | undefined
}

/** An image at one place. */
export interface PlacedUse extends UsePlace, Seen {
  readonly repository: string
  readonly digest: string
}

/** Of all places together. An index that runs counts for each image that it lists: which of them a node took nobody tells. */
export interface ImageUse {
  /** Places that are taken to run it. */
  readonly places: number
  readonly clusters: number
  /** Containers; a place that nobody counted has one at least. */
  readonly units: number
  /** Undefined where it was never seen. */
  readonly lastSeenAt: Date | undefined
}
