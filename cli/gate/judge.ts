// Purpose:  may this image pass, given what its scan says?
// Spec:     Pratique's gate: a threshold, and answers that are never confused: yes, no, cannot tell.
// Input:    the scan's state as the source tells it.
// Deviates: nothing.
// Unknowns: no scan, a failed one, stale data → 'cannotTell'; a finding without a severity counts as above every threshold.
import { severities, type GateFinding, type ScanState, type Severity } from './findings.ts'

export type Threshold = 'critical' | 'high' | 'medium' | 'low' | 'any' | 'none'

export interface GateRules {
  readonly failOn: Threshold
  /** Findings without a known fix do not fail the gate. */
  readonly fixableOnly: boolean
  /** What a finding of undefined severity means. */
  readonly undefinedSeverity: 'fail' | 'allow'
  /** Older vulnerability data cannot answer; undefined: any age will do. */
  readonly maxAgeMs: number | undefined
}

export type GateVerdict =
  | { readonly kind: 'pass'; readonly note: string | undefined }
  | { readonly kind: 'fail'; readonly because: readonly GateFinding[] }
  | { readonly kind: 'cannotTell'; readonly reason: string }

export function judge(state: ScanState, rules: GateRules, now: Date): GateVerdict {
  if (state.kind === 'running')
    return { kind: 'cannotTell', reason: `the scan is ${state.status}; wait with --wait 5m` }
  const because = state.findings.filter((finding) => isDecisive(finding, rules))
  // A no stands even on old data and on a part of the image: nothing that is not known could turn it into a yes.
  if (because.length > 0) return { kind: 'fail', because }
  if (state.kind === 'unavailable') return { kind: 'cannotTell', reason: state.reason }
  const stale = staleness(state.dataUpdatedAt, rules, now)
  return stale === undefined
    ? { kind: 'pass', note: state.note }
    : { kind: 'cannotTell', reason: stale }
}

function isDecisive(finding: GateFinding, rules: GateRules): boolean {
  if (rules.failOn === 'none') return false
  if (rules.fixableOnly && finding.fixedVersion === undefined) return false
  if (finding.severity === 'UNDEFINED') return rules.undefinedSeverity === 'fail'
  return rank(finding.severity) <= rank(lowest(rules.failOn))
}

function lowest(threshold: Exclude<Threshold, 'none'>): Severity {
  switch (threshold) {
    case 'critical':
      return 'CRITICAL'
    case 'high':
      return 'HIGH'
    case 'medium':
      return 'MEDIUM'
    case 'low':
      return 'LOW'
    case 'any':
      return 'UNDEFINED'
  }
}

export function rank(severity: Severity): number {
  return severities.indexOf(severity)
}

function staleness(updatedAt: Date | undefined, rules: GateRules, now: Date): string | undefined {
  if (rules.maxAgeMs === undefined) return undefined
  if (updatedAt === undefined) return 'the source does not say how old its vulnerability data is'
  const ageMs = now.getTime() - updatedAt.getTime()
  if (ageMs <= rules.maxAgeMs) return undefined
  return `the vulnerability data is ${Math.round(ageMs / 3_600_000)} h old, more than --max-age allows; refresh it: pratique db update`
}

/** The one answer for several images: a single no is a no; else one that cannot be told stays untold. */
export function overall(verdicts: readonly GateVerdict[]): GateVerdict['kind'] {
  if (verdicts.some(({ kind }) => kind === 'fail')) return 'fail'
  return verdicts.some(({ kind }) => kind === 'cannotTell') ? 'cannotTell' : 'pass'
}
