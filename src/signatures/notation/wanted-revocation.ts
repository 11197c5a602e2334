// Purpose:  what has to be fetched before the revocation of one signature can be judged.
// Spec:     Notary Project trust-store-trust-policy.md, certificate revocation evaluation.
// Input:    what `verifyNotation` will be given, with the answers that are at hand already.
// Deviates: nothing is wanted for a signer that the policy does not trust: the addresses in its chain would be an attacker's.
// Unknowns: none; what is not fetched counts as unavailable later.
import { wantedAnswers, type WantedAnswer } from '../x509/revocation.ts'
import {
  awsSignerAttributes,
  revocationQuestion,
  type AwsRevocationQuestion,
} from './aws-signer.ts'
import { examineSignature, type Examination } from './examine-signature.ts'
import type { WholeSignature } from './verify-integrity.ts'
import type { NotationInput, RevocationData } from './notation-input.ts'
import { authorityChainOf } from './verify-time.ts'

export interface WantedRevocation {
  /** Ask again once these are there: a list may name its delta. */
  readonly answers: readonly WantedAnswer[]
  readonly awsSigner?: AwsRevocationQuestion
  /** Of a signer that is trusted, while its issuer was not asked: who knows it needs no list. */
  readonly certificate?: IssuedCertificate
}

/** As it crosses from thread to thread. */
export interface IssuedCertificate {
  readonly der: Uint8Array
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** ARN of the job that made the signature, where what is signed names one. */
  readonly job?: string
}

/** `examined`: where the caller has it at hand. */
export function wantedRevocation(input: NotationInput, examined?: Examination): WantedRevocation {
  const nothing = { answers: [] }
  const { statement, revocation } = input
  if (statement.level === 'skip') return nothing
  const examination = examined ?? examineSignature(input)
  if (examination.kind === 'broken') return nothing
  const { signature, identification, authenticity, trust } = examination
  if (identification.kind === 'unknown' || authenticity.failure !== undefined) return nothing
  const { attributes } = signature.envelope
  const authority = authorityChainOf(signature, trust) ?? []
  const forTime = wantedAnswers(authority, revocation.answers)
  if (statement.actions.revocation === 'skip') return { answers: forTime }
  if (identification.kind === 'subject') return wantedOfChain(signature, revocation, forTime)
  const question = revocationQuestion(identification.aws, attributes.signingTime, signature.chain)
  return {
    answers: forTime,
    ...(revocation.awsSigner === undefined ? { awsSigner: question } : {}),
  }
}

/** The issuer before its lists; where it knows the certificate, no list. */
function wantedOfChain(
  { chain, leaf, target }: WholeSignature,
  { issuer, answers }: RevocationData,
  forTime: readonly WantedAnswer[],
): WantedRevocation {
  if (issuer !== undefined && issuer !== 'stranger') return { answers: forTime }
  const wanted = { answers: [...wantedAnswers(chain, answers), ...forTime] }
  const { der, publicKey } = leaf
  if (issuer === 'stranger' || publicKey === undefined) return wanted
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const job = target.annotations[awsSignerAttributes.job]
  const named = job === undefined ? {} : { job }
  return { ...wanted, certificate: { der, publicKey: spki, ...named } }
}
