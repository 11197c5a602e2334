// Purpose:  say in what two states of one record differ, as far as it matters to who has findings of it.
// Spec:     our own; docs/bundles.md, "What changed".
// Input:    two normalised records.
// Deviates: nothing.
// Unknowns: none; what is in no other facet is in the texts, so that records that differ differ in at least one.
import type { Advisory, AffectedPackage, Interval } from '../../ecosystems/advisory.ts'

/** The most telling first. */
export const facets = ['withdrawn', 'ranges', 'fix', 'severity', 'ids', 'texts'] as const
export type Facet = (typeof facets)[number]

/** In what they differ; nothing where they are the same. */
export function differencesOf(before: Advisory, after: Advisory): readonly Facet[] {
  return facets.filter((facet) => faces[facet](before) !== faces[facet](after))
}

const faces: Readonly<Record<Facet, (advisory: Advisory) => string>> = {
  withdrawn: ({ withdrawn }) => withdrawn ?? '',
  ranges: ({ affected }) => byPackage(affected, rangesOf),
  fix: ({ affected }) => byPackage(affected, fixesOf),
  severity: ({ severities, severityWord, affected }) =>
    JSON.stringify([severities, severityWord, byPackage(affected, ratingOf)]),
  ids: ({ aliases, upstream }) => JSON.stringify([aliases.toSorted(), upstream.toSorted()]),
  texts: ({ modified, published, summary, details, references }) =>
    JSON.stringify([modified, published, summary, details, references]),
}

/** The order of entries says nothing. */
function byPackage(
  affected: readonly AffectedPackage[],
  of: (entry: AffectedPackage) => readonly unknown[],
): string {
  const entries = affected.map((entry) =>
    JSON.stringify([entry.ecosystem, entry.name, ...of(entry)]),
  )
  return entries.toSorted().join('\n')
}

/** Which versions are affected, but for where that ends by a fix. */
function rangesOf({
  intervals,
  versions,
  unknownRanges,
  doubt,
}: AffectedPackage): readonly unknown[] {
  return [intervals.map(withoutFix), versions, unknownRanges, doubt]
}

function withoutFix({ introduced, end }: Interval): readonly unknown[] {
  return [introduced, end.kind === 'fixed' ? 'fixed' : end]
}

function fixesOf({ intervals, fix }: AffectedPackage): readonly unknown[] {
  return [intervals.flatMap(({ end }) => (end.kind === 'fixed' ? [end.version] : [])), fix]
}

function ratingOf({ severities, severityWord }: AffectedPackage): readonly unknown[] {
  return [severities, severityWord]
}
