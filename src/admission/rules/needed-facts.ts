// Purpose:  what of an image do policies ask for? What nobody asks for is not read.
// Spec:     our own.
// Input:    the policies that may be about it.
// Deviates: nothing.
// Unknowns: none; a rule that names no severity asks for findings of each.
import type { AdmissionPolicy, FindingCondition } from './admission-policy.ts'
import { severityWords, type SeverityWord } from './evidence.ts'
import { lowestOf, severityRank } from './judge-finding.ts'

export interface NeededFacts {
  /** Findings of other severities meet no rule. */
  readonly severities: ReadonlySet<SeverityWord>
  readonly firstKnown: boolean
  readonly dataAge: boolean
  readonly imageAge: boolean
  /** Names of trust policies. */
  readonly signatures: readonly string[]
  readonly provenance: ProvenanceNeed
}

/** By signatures of which trust policy; one that names none, or several that name different ones, cannot be told. */
export type ProvenanceNeed =
  | { readonly kind: 'none' }
  | { readonly kind: 'by'; readonly trust: string }
  | { readonly kind: 'unclear'; readonly why: string }

export function neededFacts(policies: readonly AdmissionPolicy[]): NeededFacts {
  const counting = policies.filter(({ mode }) => mode !== 'off')
  const conditions = counting.flatMap(({ rules }) => rules.map(({ when }) => when))
  const signatures = counting.flatMap(({ require }) => require.signature?.trust ?? [])
  return {
    severities: new Set(conditions.flatMap(severitiesOf)),
    firstKnown: conditions.some(({ graceMs }) => graceMs !== undefined),
    dataAge: counting.some(({ require }) => require.maxDataAgeMs !== undefined),
    imageAge: counting.some(({ require }) => require.maxImageAgeMs !== undefined),
    signatures: [...new Set(signatures)],
    provenance: provenanceOf(counting),
  }
}

function severitiesOf({ severity, undefinedSeverity }: FindingCondition): readonly SeverityWord[] {
  if (severity === undefined || severity === 'any') return severityWords
  const least = severityRank(lowestOf(severity))
  return severityWords.filter((word) =>
    word === 'UNDEFINED' ? undefinedSeverity !== 'allow' : severityRank(word) <= least,
  )
}

function provenanceOf(policies: readonly AdmissionPolicy[]): ProvenanceNeed {
  const asking = policies.filter(({ require }) => require.provenance !== undefined)
  if (asking.length === 0) return { kind: 'none' }
  const names = new Set(asking.map(({ require }) => require.signature?.trust))
  const [trust] = names
  if (names.size > 1) {
    const shown = [...names].map((name) => name ?? 'none').join(', ')
    return { kind: 'unclear', why: `policies ask for it by different trust policies: ${shown}` }
  }
  return trust === undefined
    ? { kind: 'unclear', why: 'the policy names no trust policy by which it would be believed' }
    : { kind: 'by', trust }
}
