// Purpose:  what has to be fetched before the revocation of one signature can be judged.
// Spec:     Notary Project trust-store-trust-policy.md, certificate revocation evaluation.
// Input:    what `verifyNotation` will be given, with the answers that are at hand already.
// Deviates: nothing is wanted for a signer that the policy does not trust: the addresses in its chain would be an attacker's.
// Unknowns: none; what is not fetched counts as unavailable later.
import type { Certificate } from '../x509/certificate.ts'
import { wantedAnswers, type WantedAnswer } from '../x509/revocation.ts'
import { revocationQuestion, type AwsRevocationQuestion } from './aws-signer.ts'
import { identificationOf, judgeAttributes } from './verification-plugin.ts'
import { verifyAuthenticity } from './verify-authenticity.ts'
import { verifyIntegrity } from './verify-integrity.ts'
import type { NotationInput } from './verify-notation.ts'
import { authorityChainOf } from './verify-time.ts'

export interface WantedRevocation {
  /** Ask again once these are there: a list may name its delta. */
  readonly answers: readonly WantedAnswer[]
  readonly awsSigner?: AwsRevocationQuestion
  /** Of a signer that is trusted and whom its issuer may know: whoever is the issuer is asked in place of its lists. */
  readonly leaf?: Certificate
}

export function wantedRevocation(input: NotationInput): WantedRevocation {
  const nothing = { answers: [] }
  const { statement, revocation } = input
  if (statement.level === 'skip') return nothing
  const integrity = verifyIntegrity(input.envelope, input.mediaType, input.subject)
  if (integrity.kind === 'broken') return nothing
  const { signature } = integrity
  const { attributes } = signature.envelope
  const identification = identificationOf(attributes, judgeAttributes(attributes))
  if (identification.kind === 'unknown') return nothing
  const trust = { ...input, strictExtensions: input.strictExtensions ?? true }
  if (verifyAuthenticity(signature, trust, identification).failure !== undefined) return nothing
  const authority = authorityChainOf(signature, trust) ?? []
  const forTime = wantedAnswers(authority, revocation.answers)
  if (statement.actions.revocation === 'skip') return { answers: forTime }
  if (identification.kind === 'subject') {
    if (revocation.issuer !== undefined) return { answers: forTime }
    const { leaf, chain } = signature
    return { answers: [...wantedAnswers(chain, revocation.answers), ...forTime], leaf }
  }
  const question = revocationQuestion(identification.aws, attributes.signingTime, signature.chain)
  return {
    answers: forTime,
    ...(revocation.awsSigner === undefined ? { awsSigner: question } : {}),
  }
}
