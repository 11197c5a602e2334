import type { FixStatement } from './fix-state.ts'

/** One vendor's record about vulnerable packages, in the form that matching reads. JSON-serialisable. */
export interface Advisory {
  readonly id: string
  /** ISO instants as the record has them. */
  readonly modified: string | undefined
  readonly published: string | undefined
  readonly withdrawn: string | undefined
  /** Other ids of the same flaw. */
  readonly aliases: readonly string[]
  /** Ids of the flaws that this record bundles or passes on (OSV `upstream`). */
  readonly upstream: readonly string[]
  readonly summary: string | undefined
  readonly details: string | undefined
  readonly severities: readonly SeverityRating[]
  /** The source's own word, `HIGH` or `moderate`. */
  readonly severityWord: string | undefined
  readonly references: readonly Reference[]
  readonly affected: readonly AffectedPackage[]
}

export interface SeverityRating {
  /** CVSS_V2, CVSS_V3, CVSS_V4, or a vendor's name (Ubuntu). */
  readonly type: string
  /** A vector, or the vendor's word. */
  readonly score: string
}

export interface Reference {
  readonly type: string
  readonly url: string
}

export interface AffectedPackage {
  /** OSV's string, with its suffix: `Debian:12`. */
  readonly ecosystem: string
  /** Normalised for lookup where the ecosystem is one of ours. */
  readonly name: string
  readonly intervals: readonly Interval[]
  /** Versions listed one by one. */
  readonly versions: readonly string[]
  /** Ranges that nobody can judge here, each with the reason. */
  readonly unknownRanges: readonly string[]
  /** Why a version in the intervals may still be not affected: those are then unknown. */
  readonly doubt?: string
  readonly severities: readonly SeverityRating[]
  readonly severityWord: string | undefined
  /** What the source says of a fix beside the ranges. */
  readonly fix?: FixStatement
}

/** Affected from `introduced` (inclusive; absent: from the first version) up to one upper bound, or without end. */
export interface Interval {
  readonly introduced: string | undefined
  readonly end:
    | { readonly kind: 'fixed'; readonly version: string }
    | { readonly kind: 'lastAffected'; readonly version: string }
    | { readonly kind: 'limit'; readonly version: string }
    | { readonly kind: 'open' }
}
