// Purpose:  is this version affected by what an advisory says about its package?
// Spec:     Open Source Vulnerability format, "Evaluation": listed versions and ranges are a union.
// Input:    the installed version, the advisory's words about the package, the ecosystem's comparer.
// Deviates: nothing.
// Unknowns: a version that cannot be ordered, or a range that cannot be judged, is 'unknown' unless something else says affected.
import type { AffectedPackage, Interval } from './advisory.ts'
import type { CompareVersions } from './ecosystem.ts'

export type Evidence =
  | { readonly kind: 'listed'; readonly version: string }
  | { readonly kind: 'interval'; readonly interval: Interval }

export type Verdict =
  | {
      readonly kind: 'affected'
      readonly evidence: Evidence
      /** The smallest version above the installed one that has the fix; absent when none is known. */
      readonly fixedVersion: string | undefined
    }
  | { readonly kind: 'notAffected'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }

export function matchPackage(
  version: string,
  affected: AffectedPackage,
  compare: CompareVersions,
): Verdict {
  const verdict = judgeVersion(version, affected, compare)
  const isDoubtful = verdict.kind === 'affected' && affected.doubt !== undefined
  return isDoubtful ? { kind: 'unknown', why: affected.doubt } : verdict
}

function judgeVersion(
  version: string,
  affected: AffectedPackage,
  compare: CompareVersions,
): Verdict {
  if (affected.versions.includes(version)) {
    const fixedVersion = smallestFix(version, affected, compare)
    return { kind: 'affected', evidence: { kind: 'listed', version }, fixedVersion }
  }
  const doubts: string[] = [...affected.unknownRanges]
  for (const interval of affected.intervals) {
    const inside = isInside(version, interval, compare)
    if (inside === 'yes') {
      const fixedVersion = smallestFix(version, affected, compare)
      return { kind: 'affected', evidence: { kind: 'interval', interval }, fixedVersion }
    }
    if (inside === 'unknown') doubts.push(`version ${version.slice(0, 64)} cannot be ordered`)
  }
  const spelled = affected.intervals.length > 0 ? undefined : listedAs(version, affected, compare)
  if (spelled !== undefined)
    return {
      kind: 'affected',
      evidence: { kind: 'listed', version: spelled },
      fixedVersion: undefined,
    }
  // Listed versions settle the question where they are all there is to go by.
  const [doubt] = affected.versions.length > 0 && affected.intervals.length === 0 ? [] : doubts
  if (doubt !== undefined) return { kind: 'unknown', why: doubt }
  return { kind: 'notAffected', why: 'the version is outside every range' }
}

/**
 * The listed version that is this one, written in another way: `1.0` and `1.0.0`. Asked only where there is nothing but a
 * list: beside ranges it names, by its thousands, the versions that the ranges have compared already.
 */
function listedAs(
  version: string,
  { versions }: AffectedPackage,
  compare: CompareVersions,
): string | undefined {
  return versions.find((listed) => {
    const result = compare(version, listed)
    return result.kind === 'ordered' && result.order === 0
  })
}

function isInside(
  version: string,
  { introduced, end }: Interval,
  compare: CompareVersions,
): 'yes' | 'no' | 'unknown' {
  const fromStart = introduced === undefined ? 'yes' : atLeast(version, introduced, compare)
  if (fromStart !== 'yes') return fromStart
  if (end.kind === 'open') return 'yes'
  const result = compare(version, end.version)
  if (result.kind === 'unparsable') return 'unknown'
  const isBelow = end.kind === 'lastAffected' ? result.order <= 0 : result.order < 0
  return isBelow ? 'yes' : 'no'
}

function atLeast(
  version: string,
  bound: string,
  compare: CompareVersions,
): 'yes' | 'no' | 'unknown' {
  const result = compare(version, bound)
  if (result.kind === 'unparsable') return 'unknown'
  return result.order >= 0 ? 'yes' : 'no'
}

function smallestFix(
  version: string,
  affected: AffectedPackage,
  compare: CompareVersions,
): string | undefined {
  const fixes = affected.intervals.flatMap(({ end }) => (end.kind === 'fixed' ? [end.version] : []))
  const above = fixes.filter((fix) => {
    const result = compare(fix, version)
    return result.kind === 'ordered' && result.order > 0
  })
  const sorted = above.toSorted((a, b) => {
    const result = compare(a, b)
    return result.kind === 'ordered' ? result.order : 0
  })
  return sorted[0]
}
