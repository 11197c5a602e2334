// Purpose:  does a finding meet the condition of a rule?
// Spec:     our own; docs/gate.md.
// Input:    a finding as its source tells it, and a condition.
// Deviates: nothing.
// Unknowns: a member that asks for what the source cannot tell makes the answer 'unclear', unless another member is not met anyway.
//           A severity that nobody gave meets every threshold, unless the rule lets it pass.
import type { FindingCondition, Threshold } from './admission-policy.ts'
import { severityWords, type FindingFacts, type SeverityWord } from './evidence.ts'

export type ConditionAnswer =
  | { readonly kind: 'met' | 'unmet' }
  /** Met but for its age: from `until` on it is met. */
  | { readonly kind: 'in-grace'; readonly until: number }
  /** `of`: what the source does not tell, in words. */
  | { readonly kind: 'unclear'; readonly of: readonly string[] }

type Part = 'yes' | 'no' | { readonly unclear: string }

export function judgeFinding(
  finding: FindingFacts,
  condition: FindingCondition,
  now: number,
): ConditionAnswer {
  const parts = partsOf(finding, condition)
  if (parts.includes('no')) return { kind: 'unmet' }
  const unclear = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.unclear]))
  const { graceMs } = condition
  const { firstKnown } = finding
  if (graceMs !== undefined && firstKnown.kind === 'unknown') unclear.push('since when it is known')
  if (graceMs !== undefined && firstKnown.kind === 'known') {
    const until = firstKnown.at + graceMs
    if (now < until) return { kind: 'in-grace', until }
  }
  return unclear.length === 0 ? { kind: 'met' } : { kind: 'unclear', of: unclear }
}

function partsOf(finding: FindingFacts, condition: FindingCondition): readonly Part[] {
  const { severity, fixable, kev, epss, isNew } = condition
  return [
    ...(severity === undefined ? [] : [meetsSeverity(finding, severity, condition)]),
    ...(fixable === undefined
      ? []
      : [isAsWanted(hasFix(finding), fixable, 'whether it has a fix')]),
    ...(kev === undefined
      ? []
      : [isAsWanted(isExploited(finding), kev, 'whether it is exploited')]),
    ...(epss === undefined ? [] : [meetsEpss(finding, epss)]),
    ...(isNew === undefined ? [] : [isNewFinding(finding)]),
  ]
}

function meetsSeverity(
  { severity }: FindingFacts,
  threshold: Threshold,
  { undefinedSeverity = 'fail' }: FindingCondition,
): Part {
  if (severity === 'UNDEFINED') return undefinedSeverity === 'fail' ? 'yes' : 'no'
  return severityRank(severity) <= severityRank(lowestOf(threshold)) ? 'yes' : 'no'
}

/** 0 is the worst. */
export function severityRank(severity: SeverityWord): number {
  return severityWords.indexOf(severity)
}

export function lowestOf(threshold: Threshold): SeverityWord {
  return lowest[threshold]
}

const lowest: Readonly<Record<Threshold, SeverityWord>> = {
  critical: 'CRITICAL',
  high: 'HIGH',
  medium: 'MEDIUM',
  low: 'LOW',
  any: 'UNDEFINED',
}

function hasFix({ fix }: FindingFacts): boolean | undefined {
  return fix.kind === 'unknown' ? undefined : fix.kind === 'available'
}

function isExploited({ kev }: FindingFacts): boolean | undefined {
  return kev === 'unknown' ? undefined : kev === 'listed'
}

function isAsWanted(is: boolean | undefined, wanted: boolean, words: string): Part {
  if (is === undefined) return { unclear: words }
  return is === wanted ? 'yes' : 'no'
}

/** A flaw that EPSS does not rate is none that it calls likely. */
function meetsEpss({ epss }: FindingFacts, threshold: number): Part {
  if (epss.kind === 'unknown') return { unclear: 'how likely it is exploited' }
  return epss.kind === 'scored' && epss.score >= threshold ? 'yes' : 'no'
}

function isNewFinding({ novelty = 'unknown' }: FindingFacts): Part {
  if (novelty === 'unknown') return { unclear: 'whether it is new' }
  return novelty === 'new' ? 'yes' : 'no'
}
