// Purpose:  what AWS Signer's notation plugin would say of a signature: who made it, and whether it is revoked.
// Spec:     aws-signer-notation-plugin 1.0; the Signer API's GetRevocationStatus.
// Input:    the attributes of an envelope whose signature is good, a policy's identities, and an answer that the caller fetched.
// Deviates: ARNs are compared exactly; the plugin ignores case, although profiles' names do not.
// Unknowns: an answer that is missing → 'unknown'.
import { createHash } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import type { RevocationJudgement } from '../x509/revocation.ts'
import type { SignedAttributes } from './attributes.ts'
import type { TrustedIdentity } from './trusted-identity.ts'

export const awsSignerPlugin = 'com.amazonaws.signer.notation.plugin'
/** The plugin's version whose rules these are: an envelope may ask for a newer one. */
export const awsSignerPluginVersion = '1.0.350'
const platformId = 'Notation-OCI-SHA384-ECDSA'

export const awsSignerAttributes = {
  job: 'com.amazonaws.signer.signingJob',
  profileVersion: 'com.amazonaws.signer.signingProfileVersion',
} as const

export interface AwsSignature {
  readonly jobArn: string
  readonly profileVersionArn: string
}

/** The answer to `revocationQuestion`: the entities that are revoked, as GetRevocationStatus lists them. */
export type AwsSignerAnswer = { readonly revokedEntities: readonly string[] } | 'unavailable'

export interface AwsRevocationQuestion {
  /** Milliseconds since the epoch. */
  readonly signatureTimestamp: number
  readonly platformId: string
  readonly profileVersionArn: string
  readonly jobArn: string
  readonly certificateHashes: readonly string[]
}

const versionArn =
  /^arn:aws(?:-[a-z]+)*:signer:[a-z0-9-]+:\d{12}:\/signing-profiles\/[A-Za-z0-9_]{2,64}\/[A-Za-z0-9]{10}$/
const jobArn = /^arn:aws(?:-[a-z]+)*:signer:[a-z0-9-]+:\d{12}:\/signing-jobs\/[A-Za-z0-9-]{1,64}$/

/** Undefined where one of the two is missing, not critical or not an ARN of its kind. */
export function awsSignatureOf({ extended }: SignedAttributes): AwsSignature | undefined {
  const [job, version] = [
    extended.get(awsSignerAttributes.job),
    extended.get(awsSignerAttributes.profileVersion),
  ]
  if (job?.isCritical !== true || version?.isCritical !== true) return undefined
  const [jobText, versionText] = [job.value, version.value]
  if (typeof jobText !== 'string' || typeof versionText !== 'string') return undefined
  return jobArn.test(jobText) && versionArn.test(versionText)
    ? { jobArn: jobText, profileVersionArn: versionText }
    : undefined
}

/** `arn:…:/signing-profiles/NAME` stands for all versions of the profile, with a version for that one alone. */
export function isTrustedProfile(
  { profileVersionArn }: AwsSignature,
  identities: readonly TrustedIdentity[],
): boolean {
  const profileArn = profileVersionArn.slice(0, profileVersionArn.lastIndexOf('/'))
  return identities.some(
    (one) => one.kind === 'other' && (one.text === profileArn || one.text === profileVersionArn),
  )
}

export function revocationQuestion(
  signature: AwsSignature,
  signedAt: number,
  chain: readonly Certificate[],
): AwsRevocationQuestion {
  const certificateHashes = chain.map((certificate, index) => {
    const issuer = chain[index + 1] ?? certificate
    return `${hashOf(certificate)}${hashOf(issuer)}`
  })
  return { signatureTimestamp: signedAt, platformId, ...signature, certificateHashes }
}

function hashOf({ toBeSigned }: Certificate): string {
  return createHash('sha384').update(toBeSigned).digest('hex')
}

export function judgeAwsAnswer(
  question: AwsRevocationQuestion,
  answer: AwsSignerAnswer | undefined,
): RevocationJudgement {
  if (answer === undefined || answer === 'unavailable')
    return {
      kind: 'unknown',
      detail: `the signing service ${answer === undefined ? 'was not asked' : 'could not be asked'} for the revocation of ${question.jobArn}`,
    }
  const asked = [question.jobArn, question.profileVersionArn, ...question.certificateHashes]
  const revoked = answer.revokedEntities.find((entity) => asked.includes(entity))
  return revoked === undefined
    ? { kind: 'good', detail: 'neither job, profile version nor certificates are revoked' }
    : { kind: 'revoked', since: question.signatureTimestamp, detail: `${revoked} is revoked` }
}
