// Purpose:  what do the rules and the age limit of a policy make of one platform's scan?
// Spec:     our own; docs/gate.md. Signing reference 7: all rules are judged, none stops at the first that denies.
// Input:    the scan as its source tells it.
// Deviates: nothing.
// Unknowns: each state that is no whole scan has a code of its own, and the findings that it tells all the same are judged.
import type { AdmissionPolicy, FindingCondition, PolicyRule } from './admission-policy.ts'
import type { FindingFacts, PlatformEvidence, ScanFacts } from './evidence.ts'
import { judgeFinding } from './judge-finding.ts'
import type { Judged } from './judged.ts'
import type { ReasonCode, Remedy } from './reason.ts'

export function judgeScan(
  { platform, scan }: PlatformEvidence,
  policy: Pick<AdmissionPolicy, 'rules' | 'require'>,
  now: number,
): readonly Judged[] {
  const of = platform === undefined ? {} : { platform }
  const judged = [
    ...judgeState(scan),
    ...judgeAge(scan, policy.require.maxDataAgeMs, now),
    ...policy.rules.flatMap((rule) => judgeRule(findingsOf(scan), rule, now)),
  ]
  return judged.map((one) => ({ ...one, ...of }))
}

export function findingsOf(scan: ScanFacts): readonly FindingFacts[] {
  return scan.kind === 'not-scanned' || scan.kind === 'running' ? [] : scan.findings
}

const states = {
  failed: 'scan-failed',
  unsupported: 'scan-unsupported',
  partial: 'scan-partial',
  stale: 'scan-stale',
} as const satisfies Readonly<Record<string, ReasonCode>>

function judgeState(scan: ScanFacts): readonly Judged[] {
  const rule = 'unknown'
  switch (scan.kind) {
    case 'not-scanned':
      return [{ code: 'not-scanned', outcome: 'deny', rule, message: 'it was never scanned' }]
    case 'running': {
      const message = `the scan is not done yet: ${scan.why}`
      return [{ code: 'scan-running', outcome: 'deny', rule, message }]
    }
    case 'failed':
    case 'unsupported':
    case 'partial':
    case 'stale':
      return [{ code: states[scan.kind], outcome: 'deny', rule, message: scan.why }]
    case 'scanned': {
      const { note } = scan
      return note === undefined ? [] : [{ code: 'coverage-note', outcome: 'info', message: note }]
    }
  }
}

function judgeAge(scan: ScanFacts, maxAgeMs: number | undefined, now: number): readonly Judged[] {
  if (maxAgeMs === undefined || !('findings' in scan)) return []
  const rule = 'require.maxDataAge'
  const remedy: Remedy = { text: 'refresh the data', command: 'pratique db update' }
  const { dataAt } = scan
  if (dataAt === undefined) {
    const message = 'the source does not say how old its vulnerability data is'
    return [{ code: 'data-age-unknown', outcome: 'deny', rule, message }]
  }
  const until = dataAt + maxAgeMs + 1
  if (now < until) return [{ code: 'data-stale', outcome: 'nothing', message: '', until }]
  const message = `the vulnerability data is ${hours(now - dataAt)} old, more than ${hours(maxAgeMs)}`
  return [{ code: 'data-stale', outcome: 'deny', rule, message, remedy }]
}

function hours(ms: number): string {
  return `${Math.round(ms / 3_600_000)} h`
}

function judgeRule(
  findings: readonly FindingFacts[],
  rule: PolicyRule,
  now: number,
): readonly Judged[] {
  const outcome = rule.outcome === 'fail' ? 'deny' : 'warn'
  return findings.flatMap((finding): readonly Judged[] => {
    const answer = judgeFinding(finding, rule.when, now)
    const name = `${finding.vulnerability} in ${finding.package.name} ${finding.package.version}`
    const about = { rule: rule.id, finding, ...remedyFor(finding) }
    switch (answer.kind) {
      case 'unmet':
        return []
      case 'met': {
        const message = `${name} (${describe(finding, rule.when)})`
        return [{ code: 'finding', outcome, message, ...about }]
      }
      case 'unclear': {
        const message = `${name}: the source does not tell ${answer.of.join(', nor ')}`
        return [{ code: 'finding-unclear', outcome, message, ...about }]
      }
      case 'in-grace': {
        const { until } = answer
        const message = `${name} counts from ${new Date(until).toISOString()} on`
        return [{ code: 'in-grace', outcome: 'info', message, until, ...about }]
      }
    }
  })
}

/** What of the finding met the rule. */
function describe({ severity, epss }: FindingFacts, when: FindingCondition): string {
  const parts = [
    severity,
    ...(when.fixable === true ? ['fixable'] : []),
    ...(when.kev === true ? ['known to be exploited'] : []),
    ...(when.epss !== undefined && epss.kind === 'scored' ? [`EPSS ${epss.score}`] : []),
    ...(when.isNew === true ? ['new'] : []),
  ]
  return parts.join(', ')
}

function remedyFor({ fix, package: { name } }: FindingFacts): { readonly remedy?: Remedy } {
  if (fix.kind !== 'available') return {}
  return { remedy: { text: `update ${name} to ${fix.version}` } }
}
