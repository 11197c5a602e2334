// Purpose:  a scan as the ECR API tells it, as what a decision is made from.
// Spec:     Amazon ECR API, ImageScanStatus: the words of its status.
// Input:    findings and status of one image, from Pratique or from AWS.
// Deviates: nothing.
// Unknowns: a status that is none of those known is one of a scan that failed; what a source does not tell stays unknown.
import type { FindingFacts, ScanFacts } from '../../src/admission/rules/evidence.ts'
import type { ScanState } from './findings.ts'
import type { GateFinding } from './gate-finding.ts'
import { purlTextOf } from './suppress.ts'

export type Novelty = (finding: GateFinding) => 'new' | 'old' | 'unknown'

export interface ToldScan {
  readonly scan: ScanFacts
  /** Which finding each of its facts is. */
  readonly sources: ReadonlyMap<FindingFacts, GateFinding>
}

export function scanFactsOf(state: ScanState, novelty: Novelty | undefined): ToldScan {
  const sources = new Map<FindingFacts, GateFinding>()
  const told = state.kind === 'running' ? [] : state.findings
  const findings = told.map((finding) => {
    const facts = findingFactsOf(finding, novelty)
    sources.set(facts, finding)
    return facts
  })
  return { scan: scanOf(state, findings), sources }
}

function findingFactsOf(finding: GateFinding, novelty: Novelty | undefined): FindingFacts {
  const { vulnerability, aliases, severity, epss, kev, fix, firstKnown, path } = finding
  const purl = purlTextOf(finding)
  return {
    vulnerability,
    aliases,
    severity,
    epss,
    kev,
    fix,
    firstKnown,
    ...(novelty === undefined ? {} : { novelty: novelty(finding) }),
    package: {
      name: finding.packageName,
      version: finding.packageVersion,
      ...(finding.packageType === undefined ? {} : { type: finding.packageType }),
      ...(purl === undefined ? {} : { purl }),
    },
    ...(path === undefined ? {} : { path }),
  }
}

function scanOf(state: ScanState, findings: readonly FindingFacts[]): ScanFacts {
  switch (state.kind) {
    case 'running':
      return { kind: 'running', why: `the scan is ${state.status}; wait with --wait 5m` }
    case 'scanned': {
      const { dataUpdatedAt, note } = state
      return {
        kind: 'scanned',
        findings,
        ...(dataUpdatedAt === undefined ? {} : { dataAt: dataUpdatedAt.getTime() }),
        ...(note === undefined ? {} : { note }),
      }
    }
    case 'unavailable': {
      const { status, reason: why } = state
      if (status === 'NOT_SCANNED') return { kind: 'not-scanned' }
      return { kind: kindOf(status, findings.length > 0), why, findings }
    }
  }
}

function kindOf(
  status: string,
  hasFindings: boolean,
): 'failed' | 'unsupported' | 'partial' | 'stale' {
  if (status === 'SCAN_ELIGIBILITY_EXPIRED') return 'stale'
  if (hasFindings) return 'partial'
  return status === 'UNSUPPORTED_IMAGE' ? 'unsupported' : 'failed'
}
