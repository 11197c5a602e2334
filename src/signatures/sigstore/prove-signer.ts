// Purpose:  who made a signature, when, and is that whom the entry of a trust policy means?
// Spec:     sigstore client specification; signing reference 4.4.
// Input:    a signature as read; hostile.
// Deviates: nothing beyond what the two ways of signing say for themselves.
// Unknowns: a certificate that names nobody, or two, → invalid (certificate-rule).
import type { SignatureCheck } from '../outcome.ts'
import type { AcceptEntry, KeyEntry, KeylessEntry } from './accept-entry.ts'
import type { UnverifiedSignature } from './candidate.ts'
import { readCertificateIdentity, type CertificateIdentity } from './certificate-identity.ts'
import type { Failure, SignerFacts } from './check-list.ts'
import { faultOfIdentityPattern, matchesIdentity } from './identity-pattern.ts'
import { verifyWithKeys } from './verify-key.ts'
import { verifyKeyless, type SignerProof } from './verify-keyless.ts'

export type Signer =
  | {
      readonly kind: 'proven'
      readonly checks: readonly SignatureCheck[]
      readonly facts: SignerFacts
      /** The signature is sound, and somebody else's. */
      readonly mismatch: Failure | undefined
    }
  | {
      readonly kind: 'failed'
      readonly checks: readonly SignatureCheck[]
      readonly check: string
      readonly failure: Failure
      readonly facts: SignerFacts
    }

export interface SignerQuestion {
  readonly entry: AcceptEntry
  readonly now: number
  readonly seenAt?: number
}

export function proveSigner(signature: UnverifiedSignature, question: SignerQuestion): Signer {
  const { entry } = question
  return entry.kind === 'key'
    ? proveKey(signature, entry, question)
    : proveCertificate(signature, entry, question.now)
}

function proveKey(
  signature: UnverifiedSignature,
  entry: KeyEntry,
  { now, seenAt }: SignerQuestion,
): Signer {
  const proof = verifyWithKeys(signature, entry, { now, seenAt })
  const { key } = proof
  const facts: SignerFacts =
    key === undefined ? {} : { identity: key.name, keyId: key.key.fingerprint }
  if (proof.kind === 'failed') return { ...proof, facts }
  const { validUntil } = key ?? {}
  // A time that is proven or was seen stays inside the window; one that is only now's does not.
  const ends = proof.time === undefined && seenAt === undefined ? validUntil : undefined
  return {
    kind: 'proven',
    checks: proof.checks,
    facts: {
      ...facts,
      ...timeOf(proof),
      ...(ends === undefined ? {} : { validUntil: ends, endsAt: ends }),
    },
    mismatch: undefined,
  }
}

function timeOf({
  time,
}: Extract<SignerProof, { kind: 'proven' }>): Pick<SignerFacts, 'signedAt' | 'signedAtSource'> {
  return time === undefined ? {} : { signedAt: time.at, signedAtSource: time.source }
}

function proveCertificate(
  signature: UnverifiedSignature,
  entry: KeylessEntry,
  now: number,
): Signer {
  const proof = verifyKeyless(signature, entry, now)
  if (proof.kind === 'failed') return { ...proof, facts: {} }
  const der = signature.signer.kind === 'certificate' ? signature.signer.der : Buffer.alloc(0)
  const reading = readCertificateIdentity(der)
  if (reading.kind === 'refused')
    return {
      kind: 'failed',
      checks: proof.checks,
      check: 'identity',
      failure: { result: 'invalid', reason: 'certificate-rule', detail: reading.detail },
      facts: {},
    }
  const { identity } = reading
  return {
    kind: 'proven',
    checks: proof.checks,
    facts: { identity: `${identity.subject} (${identity.issuer})`, ...timeOf(proof) },
    mismatch: mismatchOf(identity, entry),
  }
}

function mismatchOf(
  { subject, issuer, claims }: CertificateIdentity,
  entry: KeylessEntry,
): Failure | undefined {
  const fault = faultOfIdentityPattern(entry.subject)
  if (fault !== undefined) return mismatch(`the policy's subject can match nobody: ${fault}`)
  if (issuer !== entry.issuer)
    return mismatch(`${issuer} vouched for the signer; the policy wants ${entry.issuer}`)
  if (!matchesIdentity(entry.subject, subject))
    return mismatch(`${subject} signed; the policy wants ${entry.subject}`)
  for (const [name, wanted] of Object.entries(entry.claims ?? {})) {
    const said = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (said !== wanted)
      return mismatch(
        `the certificate's ${name} is ${said ?? 'missing'}; the policy wants ${wanted}`,
      )
  }
  return undefined
}

function mismatch(detail: string): Failure {
  return { result: 'untrusted', reason: 'identity-mismatch', detail }
}
