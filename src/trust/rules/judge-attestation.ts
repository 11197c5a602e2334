// Purpose:  does a signed statement satisfy a rule of a trust policy?
// Spec:     signing reference 4.3 and 5.1; cosign's short names for predicate types.
// Input:    a rule, and a verdict with the statement that was signed.
// Deviates: nothing.
// Unknowns: a builder or source that the statement does not name matches no pattern.
import { compileGlob } from '../../policy/glob.ts'
import type { SignatureReason, SignatureResult } from '../../signatures/outcome.ts'
import type { AttestationRule } from './trust-policy.ts'
import type { CandidateVerdict, SignedStatement } from './verifier.ts'

/** Short names stand for every version of theirs. */
const shortNames: Readonly<Record<string, readonly string[]>> = {
  slsa: ['https://slsa.dev/provenance/'],
  slsaprovenance: ['https://slsa.dev/provenance/v0.2'],
  slsaprovenance02: ['https://slsa.dev/provenance/v0.2'],
  slsaprovenance1: ['https://slsa.dev/provenance/v1'],
  spdx: ['https://spdx.dev/Document'],
  spdxjson: ['https://spdx.dev/Document'],
  cyclonedx: ['https://cyclonedx.org/bom'],
  sbom: ['https://spdx.dev/Document', 'https://cyclonedx.org/bom'],
  vuln: [
    'https://cosign.sigstore.dev/attestation/vuln/v1',
    'https://in-toto.io/attestation/vulns/',
  ],
  openvex: ['https://openvex.dev/ns'],
  vex: ['https://openvex.dev/ns'],
  custom: ['https://cosign.sigstore.dev/attestation/v1'],
}

export function isOfType(type: string, predicateType: string): boolean {
  return (shortNames[type] ?? [type]).some(
    (wanted) =>
      predicateType === wanted ||
      (wanted.endsWith('/') && predicateType.startsWith(wanted)) ||
      predicateType.startsWith(`${wanted}/v`),
  )
}

export interface AttestationVerdict {
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
}

/** Undefined where the rule is not about the statement, or its signer not one whom the rule asks. */
export function judgeAttestation(
  rule: AttestationRule,
  entry: string,
  verdict: CandidateVerdict,
): AttestationVerdict | undefined {
  const { statement } = verdict
  if (statement === undefined || !rule.accept.includes(entry)) return undefined
  if (!isOfType(rule.type, statement.predicateType)) return undefined
  const isAsked =
    matches(rule.builder, statement, 'builder') && matches(rule.source, statement, 'source')
  if (verdict.result === 'verified' && !isAsked)
    return { result: 'untrusted', reason: 'identity-mismatch' }
  return { result: verdict.result, reason: verdict.reason }
}

function matches(
  pattern: string | undefined,
  { extracted }: SignedStatement,
  member: 'builder' | 'source',
): boolean {
  if (pattern === undefined) return true
  const found = extracted[member]
  const [first = '', ...rest] = pattern.split('*')
  return found !== undefined && compileGlob([segment(first), ...rest.map(segment)])(found)
}

function segment(text: string): Parameters<typeof compileGlob>[0][0] {
  return { text, ones: undefined }
}
