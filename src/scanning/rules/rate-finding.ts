// Purpose:  how severe a flaw of a package counts.
// Spec:     none; the distribution's word goes first, then the record's, then whoever scores CVEs.
// Input:    one flaw as it was matched, and what those say who score CVEs.
// Deviates: nothing.
// Unknowns: a flaw of which nobody can say whether it is there is UNDEFINED, whatever it would be.
import type { RatedSeverity, Severity } from '../../ecosystems/severity.ts'

interface Rating {
  readonly severity: Severity
  readonly severitySource: string | undefined
  readonly score: number | undefined
  readonly vector: string | undefined
}

/** What differs from the match's own rating. */
export function rateFinding(
  { verdict, severity }: { readonly verdict: 'affected' | 'unknown'; readonly severity: Severity },
  rating: RatedSeverity | undefined,
): Partial<Rating> {
  if (verdict === 'unknown') return { severity: 'UNDEFINED' }
  if (severity !== 'UNDEFINED' || rating === undefined) return {}
  const { severity: rated, source: severitySource, score, vector } = rating
  return { severity: rated, severitySource, score, vector }
}
