// Images as the gate judged them, without a registry.
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import type { DecisionContext, ImageFacts } from '../../src/admission/rules/evidence.ts'
import type { ScanState } from '../../cli/gate/findings.ts'
import type { GateFinding } from '../../cli/gate/gate-finding.ts'
import { gatePolicies, type PolicyFlags } from '../../cli/gate/gate-policies.ts'
import { judgeRead, type JudgedImage } from '../../cli/gate/judge-reference.ts'
import type { GateReport } from '../../cli/gate/report.ts'
import { scanFactsOf } from '../../cli/gate/scan-facts.ts'
import type { TrustEvidence } from '../../cli/gate/trust-evidence.ts'
import { admissionNow, decisionContext, imageFacts } from './admission.ts'

export function gateFinding(members: Partial<GateFinding> = {}): GateFinding {
  return {
    vulnerability: 'CVE-2024-0001',
    severity: 'HIGH',
    packageName: 'openssl',
    packageVersion: '3.0.11-1',
    fixedVersion: undefined,
    path: undefined,
    layer: undefined,
    url: undefined,
    aliases: [],
    packageType: undefined,
    purl: undefined,
    score: undefined,
    summary: undefined,
    remark: undefined,
    epss: { kind: 'unknown' },
    kev: 'unknown',
    fix: { kind: 'unknown' },
    firstKnown: { kind: 'unknown' },
    ...members,
  }
}

export function scannedState(...findings: readonly GateFinding[]): ScanState {
  return { kind: 'scanned', findings, dataUpdatedAt: new Date(admissionNow), note: undefined }
}

export interface GateAsked {
  readonly flags?: Partial<PolicyFlags>
  readonly policies?: readonly AdmissionPolicy[]
  readonly image?: Partial<ImageFacts>
  readonly context?: Partial<DecisionContext>
}

/** As of a source that verifies nothing. */
const noTrust: TrustEvidence = {
  signatures: {},
  provenance: { kind: 'unknown', why: 'nobody asked' },
}

/** By platform; one without a name is an image of its own. */
export function judged(
  states: Readonly<Record<string, ScanState>>,
  { flags = {}, policies, image, context }: GateAsked = {},
): JudgedImage {
  const platforms = Object.entries(states).map(([platform, state]) => ({
    target: {
      repository: 'team/app',
      registryId: undefined,
      digest: `sha256:${'a'.repeat(64)}`,
      platform: platform === '' ? undefined : platform,
    },
    state,
    ...scanFactsOf(state, undefined),
  }))
  const read = {
    reference: 'team/app:1.0',
    repository: 'team/app',
    digest: `sha256:${'b'.repeat(64)}`,
    onlyPlatform: undefined,
    platforms,
  }
  const input = {
    image: imageFacts(image),
    context: decisionContext({ withoutPolicy: 'deny', ...context }),
    policies: policies ?? gatePolicies({ policy: [], ...flags }, admissionNow),
    trust: noTrust,
  }
  return judgeRead(read, input, admissionNow)
}

export function gateReport(
  images: readonly JudgedImage[],
  members: Partial<GateReport> = {},
): GateReport {
  return {
    images,
    policies: ['flags'],
    threshold: 'at or above HIGH',
    judgedAt: new Date(admissionNow),
    unusedRules: [],
    endedRules: [],
    ...members,
  }
}
