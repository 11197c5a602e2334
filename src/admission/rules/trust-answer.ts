// Purpose:  evidence of signatures and attestations, as the registry tells it, in the words of a decision.
// Spec:     our own (docs/trust.md, docs/admission.md).
// Input:    what is kept in the database, or what `GET /pratique/v1/evidence` answers.
// Deviates: nothing.
// Unknowns: none are resolved here: a result is handed on as it is.
import type { SignatureReason, SignatureResult } from '../../signatures/outcome.ts'
import type { ProvenanceFacts, SignatureEvidence } from './evidence.ts'

interface Told {
  readonly result: SignatureResult
  readonly reason?: SignatureReason | undefined
  readonly validUntil?: number | undefined
}

export interface SignatureAnswer extends Told {
  readonly identities: readonly string[]
  /** The index whose signature covers the image. */
  readonly via?: string | undefined
}

export interface AttestationAnswer extends Told {
  readonly manifest?: string | undefined
  readonly extracted: Readonly<Partial<Record<string, string>>>
}

export function signatureEvidence(answer: SignatureAnswer): SignatureEvidence {
  const { identities, via } = answer
  const detail = [
    ...(identities.length === 0 ? [] : [`signed by ${identities.join(', ')}`]),
    ...(via === undefined ? [] : [`by the index ${via}`]),
  ].join(', ')
  return { ...toldOf(answer), ...(detail === '' ? {} : { detail }) }
}

/** A rule for which nobody stated anything is no attestation. */
export function provenanceFacts(answer: AttestationAnswer): readonly ProvenanceFacts[] {
  const { result, manifest, extracted } = answer
  if (result === 'none' && manifest === undefined) return []
  const { builder, source } = extracted
  return [
    {
      ...toldOf(answer),
      ...(builder === undefined ? {} : { builder }),
      ...(source === undefined ? {} : { source }),
    },
  ]
}

function toldOf({
  result,
  reason,
  validUntil,
}: Told): Pick<SignatureEvidence, 'result' | 'reason' | 'validUntil'> {
  return {
    result,
    ...(reason === undefined ? {} : { reason }),
    ...(validUntil === undefined ? {} : { validUntil }),
  }
}
