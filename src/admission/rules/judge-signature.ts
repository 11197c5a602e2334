// Purpose:  is the image signed, and built, by whom a policy wants?
// Spec:     signing reference 5.2 and 5.4: only 'verified' passes, and a verdict holds until its end.
// Input:    what was made of the signatures under a trust policy, and of the attestations of provenance.
// Deviates: nothing.
// Unknowns: no verdict, and one whose end has come → unknown. A result passes with a warning only where the policy names it.
import type { SignatureReason, SignatureResult } from '../../signatures/outcome.ts'
import { matchesIdentity } from '../../signatures/sigstore/identity-pattern.ts'
import type { Requirements } from './admission-policy.ts'
import type { Evidence, ProvenanceFacts, SignatureEvidence } from './evidence.ts'
import type { Judged } from './judged.ts'
import type { ReasonCode, Remedy } from './reason.ts'

export function judgeSignature(
  wanted: NonNullable<Requirements['signature']>,
  { signatures }: Pick<Evidence, 'signatures'>,
  now: number,
): readonly Judged[] {
  const { trust } = wanted
  const found = Object.hasOwn(signatures, trust) ? signatures[trust] : undefined
  const rule = 'require.signature'
  if (found === undefined) {
    const message = `nobody verified signatures by trust policy ${trust}`
    return [{ code: 'signature-unknown', outcome: leniency(wanted, 'unknown'), rule, message }]
  }
  const { result, reason } = inForce(found, now)
  const because = reason === undefined ? {} : { because: reason }
  if (result === 'verified') return judgeVerified(found, trust)
  return [
    {
      code: codeOf(result, reason),
      outcome: reason === 'level-audit' ? 'warn' : leniency(wanted, result),
      rule,
      message: sentence(trust, result, reason, found.detail),
      ...because,
      ...remedyFor(result, reason, trust),
      // Where the policy is lenient with what cannot be told, the end of a verdict against the image matters too.
      ...endOf([found], now),
    },
  ]
}

/** A verdict whose end has come is none. */
function inForce(
  { result, reason, validUntil }: Pick<SignatureEvidence, 'result' | 'reason' | 'validUntil'>,
  now: number,
): Pick<SignatureEvidence, 'result' | 'reason'> {
  if (validUntil !== undefined && now >= validUntil) return { result: 'unknown', reason: 'stale' }
  return { result, ...(reason === undefined ? {} : { reason }) }
}

function endOf(
  verdicts: readonly Pick<SignatureEvidence, 'validUntil'>[],
  now: number,
): { readonly until?: number } {
  const ends = verdicts.flatMap(({ validUntil = 0 }) => (validUntil > now ? [validUntil] : []))
  return ends.length === 0 ? {} : { until: Math.min(...ends) }
}

/** What the level of the trust policy only logs is told. */
function judgeVerified({ checks = [], validUntil }: SignatureEvidence, trust: string): Judged[] {
  const rule = 'require.signature'
  const logged = checks.filter(
    ({ outcome, action }) => action === 'log' && (outcome === 'fail' || outcome === 'unknown'),
  )
  const told = logged.map(({ check, detail, reason }): Judged => {
    const message = `trust policy ${trust} only logs ${check}: ${detail}`
    const because = reason === undefined ? {} : { because: reason }
    return { code: 'signature-check-failed', outcome: 'warn', rule, message, ...because }
  })
  const end: readonly Judged[] =
    validUntil === undefined
      ? []
      : [{ code: 'signature-unknown', outcome: 'nothing', message: '', until: validUntil }]
  return [...told, ...end]
}

function leniency(
  { warn }: NonNullable<Requirements['signature']>,
  result: SignatureResult,
): 'deny' | 'warn' {
  return warn.includes(result) ? 'warn' : 'deny'
}

function codeOf(
  result: Exclude<SignatureResult, 'verified'>,
  reason: SignatureReason | undefined,
): ReasonCode {
  switch (result) {
    case 'none':
      return 'signature-required'
    case 'unknown':
      return reason === 'pending' ? 'signature-pending' : 'signature-unknown'
    case 'untrusted':
      return 'signature-untrusted'
    case 'invalid':
      return 'signature-invalid'
    case 'expired':
      return 'signature-expired'
    case 'revoked':
      return 'signature-revoked'
  }
}

function sentence(
  trust: string,
  result: SignatureResult,
  reason: SignatureReason | undefined,
  detail: string | undefined,
): string {
  const why = [reason ?? result, ...(detail === undefined ? [] : [detail])].join(': ')
  return result === 'unknown'
    ? `it cannot be told whether it is signed as trust policy ${trust} wants: ${why}`
    : `no trusted signature by trust policy ${trust}: ${why}`
}

function remedyFor(
  result: SignatureResult,
  reason: SignatureReason | undefined,
  trust: string,
): { readonly remedy?: Remedy } {
  if (result === 'unknown')
    return reason === 'pending' ? { remedy: { text: 'ask again in a moment' } } : {}
  return { remedy: { text: `sign it as trust policy ${trust} wants` } }
}

export function judgeProvenance(
  wanted: NonNullable<Requirements['provenance']>,
  { provenance }: Pick<Evidence, 'provenance'>,
  now: number,
): readonly Judged[] {
  const rule = 'require.provenance'
  if (provenance.kind === 'unknown') {
    const message = `it cannot be told where it comes from: ${provenance.why}`
    return [{ code: 'provenance-unknown', outcome: 'deny', rule, message }]
  }
  const { attestations } = provenance
  const current = attestations.map((facts) => ({ ...facts, ...inForce(facts, now) }))
  const isFrom = (facts: ProvenanceFacts): boolean =>
    facts.result === 'verified' && comesFrom(facts, wanted)
  const right = attestations.filter((_, at) => isFrom(current[at] ?? { result: 'unknown' }))
  if (right.length > 0) {
    const ends = right.map(({ validUntil }) => validUntil ?? Number.POSITIVE_INFINITY)
    const until = Math.max(...ends)
    if (!Number.isFinite(until)) return []
    return [{ code: 'provenance-unknown', outcome: 'nothing', message: '', until }]
  }
  const [strongest] = current.toSorted((a, b) => order(a.result) - order(b.result))
  return [
    { outcome: 'deny', rule, ...explainProvenance(strongest, wanted), ...endOf(attestations, now) },
  ]
}

function comesFrom(
  { builder, source }: ProvenanceFacts,
  wanted: NonNullable<Requirements['provenance']>,
): boolean {
  if (builder === undefined || !matchesIdentity(wanted.builder, builder)) return false
  return (
    wanted.source === undefined || (source !== undefined && matchesIdentity(wanted.source, source))
  )
}

/** Which of several that do not count is told: what may still turn out well, or is nearest to counting. */
const telling: readonly SignatureResult[] = [
  'unknown',
  'verified',
  'revoked',
  'expired',
  'invalid',
  'untrusted',
  'none',
]

function order(result: SignatureResult): number {
  return telling.indexOf(result)
}

function explainProvenance(
  facts: ProvenanceFacts | undefined,
  wanted: NonNullable<Requirements['provenance']>,
): Pick<Judged, 'code' | 'message' | 'because'> {
  if (facts === undefined)
    return { code: 'provenance-required', message: 'no attestation says where it comes from' }
  const because = facts.reason === undefined ? {} : { because: facts.reason }
  const why = facts.reason ?? facts.result
  switch (facts.result) {
    case 'verified':
      return { code: 'provenance-mismatch', message: mismatch(facts, wanted) }
    case 'unknown':
      return {
        code: 'provenance-unknown',
        message: `it cannot be told where it comes from: ${why}`,
        ...because,
      }
    case 'none':
      return {
        code: 'attestation-unsigned',
        message: 'what says where it comes from is not signed',
        ...because,
      }
    case 'untrusted':
    case 'invalid':
    case 'expired':
    case 'revoked':
      return {
        code: 'attestation-untrusted',
        message: `what says where it comes from does not count: ${why}`,
        ...because,
      }
  }
}

function mismatch(
  { builder = 'nobody', source = 'no source' }: ProvenanceFacts,
  wanted: NonNullable<Requirements['provenance']>,
): string {
  const want = [wanted.builder, ...(wanted.source === undefined ? [] : [wanted.source])]
  return `it was built by ${builder}, of ${source}; wanted is ${want.join(', of ')}`
}
