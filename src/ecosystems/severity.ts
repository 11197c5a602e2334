// Purpose:  one severity word for what advisories say in many ways.
// Spec:     CVSS 2.0, 3.0, 3.1 and 4.0 qualitative ratings; ECR's FindingSeverity; vendors' own words by their security pages.
// Input:    ratings and words of an advisory; hostile.
// Deviates: CVSS 2 has no critical; Debian's `unimportant` is INFORMATIONAL.
// Unknowns: no rating, or a vector that cannot be scored → UNDEFINED, which is no low severity.
import cvss from 'ae-cvss-calculator'
import type { Advisory, AffectedPackage, SeverityRating } from './advisory.ts'

export const severities = [
  'CRITICAL',
  'HIGH',
  'MEDIUM',
  'LOW',
  'INFORMATIONAL',
  'UNDEFINED',
] as const
export type Severity = (typeof severities)[number]

export interface RatedSeverity {
  readonly severity: Severity
  /** CVSS base score, where a vector was scored. */
  readonly score: number | undefined
  readonly vector: string | undefined
  /** Where the word comes from: `CVSS 3.1`, or the vendor's own word. */
  readonly source: string | undefined
}

const words: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'CRITICAL'],
  ['important', 'HIGH'],
  ['high', 'HIGH'],
  ['moderate', 'MEDIUM'],
  ['medium', 'MEDIUM'],
  ['low', 'LOW'],
  ['negligible', 'INFORMATIONAL'],
  ['unimportant', 'INFORMATIONAL'],
  ['informational', 'INFORMATIONAL'],
  ['none', 'INFORMATIONAL'],
])

/** The distribution's word first, then the advisory's vectors (newest scheme of 3 first), then the source's word. */
export function rateSeverity(
  advisory: Pick<Advisory, 'severities' | 'severityWord'>,
  affected: Pick<AffectedPackage, 'severities' | 'severityWord'>,
): RatedSeverity {
  const ratings = [...affected.severities, ...advisory.severities]
  const scored = bestScore(ratings)
  const vendor = wordRating(affected.severityWord) ?? vendorRating(ratings)
  if (vendor !== undefined) return { ...unrated, ...scored, ...vendor }
  if (scored !== undefined) return scored
  return { ...unrated, ...wordRating(advisory.severityWord) }
}

const unrated: RatedSeverity = {
  severity: 'UNDEFINED',
  score: undefined,
  vector: undefined,
  source: undefined,
}

function wordRating(
  word: string | undefined,
): { readonly severity: Severity; readonly source: string } | undefined {
  const severity = words.get(word?.toLowerCase() ?? '')
  return severity === undefined || word === undefined ? undefined : { severity, source: word }
}

/** Ratings that are a vendor's word under the vendor's name. */
function vendorRating(
  ratings: readonly SeverityRating[],
): { readonly severity: Severity; readonly source: string } | undefined {
  for (const { type, score } of ratings) {
    const rating = type.startsWith('CVSS') ? undefined : wordRating(score)
    if (rating !== undefined) return { ...rating, source: `${type} ${score}` }
  }
  return undefined
}

const order = ['CVSS 3.1', 'CVSS 3.0', 'CVSS 4.0', 'CVSS 2.0']

function bestScore(ratings: readonly SeverityRating[]): RatedSeverity | undefined {
  const scored = ratings.flatMap(({ score: vector }) => {
    const rating = scoreVector(vector)
    return rating === undefined ? [] : [rating]
  })
  return scored.toSorted((a, b) => order.indexOf(a.source ?? '') - order.indexOf(b.source ?? ''))[0]
}

/** The base score of a vector of any version; undefined for text that is none. */
export function scoreVector(vector: string): RatedSeverity | undefined {
  const source = versionOf(vector)
  if (source === undefined || vector.length > 512) return undefined
  try {
    const score = baseScore(source, vector)
    if (score === undefined || Number.isNaN(score)) return undefined
    return { severity: bandOf(score, source), score, vector, source }
  } catch {
    // The library throws on components it does not know: such a vector says nothing that we could trust.
    return undefined
  }
}

function versionOf(vector: string): string | undefined {
  if (vector.startsWith('CVSS:3.1/')) return 'CVSS 3.1'
  if (vector.startsWith('CVSS:3.0/')) return 'CVSS 3.0'
  if (vector.startsWith('CVSS:4.0/')) return 'CVSS 4.0'
  return /^\(?AV:[LAN]\//.test(vector) ? 'CVSS 2.0' : undefined
}

function baseScore(source: string, vector: string): number | undefined {
  switch (source) {
    case 'CVSS 4.0':
      return new cvss.Cvss4P0(vector).calculateScores().overall
    case 'CVSS 3.1':
      return new cvss.Cvss3P1(vector).calculateScores().base
    case 'CVSS 3.0':
      return new cvss.Cvss3P0(vector).calculateScores().base
    default:
      return new cvss.Cvss2(vector.replaceAll(/[()]/g, '')).calculateScores().base
  }
}

function bandOf(score: number, source: string): Severity {
  if (score >= 9 && source !== 'CVSS 2.0') return 'CRITICAL'
  if (score >= 7) return 'HIGH'
  if (score >= 4) return 'MEDIUM'
  return score > 0 ? 'LOW' : 'INFORMATIONAL'
}
