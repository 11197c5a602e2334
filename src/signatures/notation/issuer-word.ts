// Purpose:  is the signer's certificate revoked, or the signature itself, by the word of the issuer?
// Spec:     our own: signing reference 8.3 (a key is revoked from a moment on; what was signed before by a proven time stays good).
// Input:    what the issuer knows of the certificate, the signature's scheme and times, and what was proven of the time.
// Deviates: a timestamp of before the revocation keeps a signature good, since the issuer says from when on the key was lost;
//           where only a list or a responder says that it is revoked, a timestamp does not help, as in notation.
// Unknowns: a time that is only claimed proves nothing: such a signature is revoked.
import type { RevocationJudgement } from '../x509/revocation.ts'
import type { SigningScheme } from './attributes.ts'
import type { TimeResult } from './verify-time.ts'

export interface IssuerWord {
  /** Milliseconds since the epoch; undefined: it is not revoked. */
  readonly revokedFrom: number | undefined
  /** Since when this one signature is, whenever it was made. */
  readonly signatureRevokedAt?: number
}

export function judgeIssuerWord(
  { revokedFrom, signatureRevokedAt }: IssuerWord,
  signature: {
    readonly scheme: SigningScheme
    readonly signingTime: number
    readonly time: TimeResult
  },
): RevocationJudgement {
  if (signatureRevokedAt !== undefined)
    return {
      kind: 'revoked',
      since: signatureRevokedAt,
      detail: `the issuer revoked this signature at ${new Date(signatureRevokedAt).toISOString()}`,
    }
  if (revokedFrom === undefined)
    return { kind: 'good', detail: 'the issuer has not revoked the certificate' }
  const since = new Date(revokedFrom).toISOString()
  const proven = provenTime(signature)
  if (proven !== undefined && proven < revokedFrom)
    return {
      kind: 'good',
      detail: `the issuer revoked the certificate from ${since} on; it was signed before that, at ${new Date(proven).toISOString()} at the latest`,
    }
  const why =
    proven === undefined
      ? 'and nothing proves that it was signed before'
      : 'and it was signed later'
  return {
    kind: 'revoked',
    since: revokedFrom,
    detail: `the issuer revoked the certificate from ${since} on, ${why}`,
  }
}

/** At the latest. */
function provenTime({
  scheme,
  signingTime,
  time,
}: Parameters<typeof judgeIssuerWord>[1]): number | undefined {
  if (time.kind !== 'valid') return undefined
  if (scheme === 'notary.x509.signingAuthority') return signingTime
  const { timestamp } = time
  return timestamp === undefined ? undefined : timestamp.genTime + timestamp.accuracy
}
