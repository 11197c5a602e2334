// What decisions are made from, in few words.
import assert from 'node:assert/strict'
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import type {
  DecisionContext,
  Evidence,
  FindingFacts,
  ImageFacts,
} from '../../src/admission/rules/evidence.ts'
import { parseAdmissionPolicy } from '../../src/admission/rules/parse-policy.ts'

export const admissionNow = Date.parse('2026-11-24T12:00:00Z')

/** Of a document that has no fault. */
export function admissionPolicy(document: object): AdmissionPolicy {
  const reading = parseAdmissionPolicy(JSON.stringify(document), admissionNow)
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  return reading.policy
}

export function findingFacts(facts: Partial<FindingFacts> = {}): FindingFacts {
  return {
    vulnerability: 'CVE-2026-1234',
    aliases: [],
    severity: 'HIGH',
    epss: { kind: 'unscored' },
    kev: 'unlisted',
    fix: { kind: 'available', version: '3.0.12' },
    firstKnown: { kind: 'known', at: admissionNow - 30 * 86_400_000 },
    package: { name: 'openssl', version: '3.0.11' },
    ...facts,
  }
}

export function imageFacts(facts: Partial<ImageFacts> = {}): ImageFacts {
  return {
    origin: { kind: 'own' },
    repository: 'team/app',
    digest: `sha256:${'a'.repeat(64)}`,
    named: { kind: 'tag', tag: '1.0', mutability: 'immutable' },
    created: { kind: 'known', at: admissionNow - 86_400_000 },
    ...facts,
  }
}

export function decisionContext(context: Partial<DecisionContext> = {}): DecisionContext {
  return { door: 'gate', withoutPolicy: 'allow', ...context }
}

export function admissionEvidence(evidence: Partial<Evidence> = {}): Evidence {
  return {
    platforms: [{ scan: { kind: 'scanned', findings: [] } }],
    signatures: {},
    provenance: { kind: 'unknown', why: 'the source does not tell' },
    ...evidence,
  }
}
