// Purpose:  judge one signature of the Notary Project under one statement of a trust policy.
// Spec:     Notary Project trust-store-trust-policy.md, "Steps"; signing-and-verification-workflow.md. The order here is theirs.
// Input:    an envelope of a stranger; the stored manifest's descriptor; a statement, stores and answers as values; the time.
// Deviates: unknown critical attributes fail also without a verification plugin, as the specification says and notation does not;
//           a further critical extension of a certificate is not trusted (`strictExtensions`); `audit` and `skip` never give 'verified'.
// Unknowns: another verification plugin than AWS Signer's, revocation that could not be asked for, a store that is missing → 'unknown'.
import { thumbprintOf } from '../x509/certificate.ts'
import { formatName } from '../x509/distinguished-name.ts'
import { judgeRevocation, type RevocationJudgement } from '../x509/revocation.ts'
import { judgeAwsAnswer, revocationQuestion, type AwsSignature } from './aws-signer.ts'
import type { NotationInput } from './notation-input.ts'
import { judgeIssuerWord } from './issuer-word.ts'
import type { TrustPolicyStatement } from './trust-policy.ts'
import { renderCheck, worstOf, type Finding, type Found, type NotationVerdict } from './verdict.ts'
import { examineSignature, type Examination } from './examine-signature.ts'
import type { IntegrityResult, WholeSignature } from './verify-integrity.ts'
import { verifyTime, type TimeResult } from './verify-time.ts'

/** `examined`: where the caller has it at hand. */
export function verifyNotation(input: NotationInput, examined?: Examination): NotationVerdict {
  const { statement, now } = input
  const { actions, level } = statement
  if (level === 'skip') return skipped(statement)
  const examination = examined ?? examineSignature(input)
  if (examination.kind === 'broken') return broken(statement, examination)
  const { signature, understood, identification, authenticity, trust } = examination
  const aws = identification.kind === 'awsSigner' ? identification.aws : undefined
  const expiry = verifyExpiry(signature, now)
  const time = verifyTime(signature, { ...trust, answers: input.revocation.answers })
  const isAuthentic = understood.failure === undefined && authenticity.failure === undefined
  const revocation = isAuthentic
    ? judgeSignatureRevocation(signature, input, { aws, time })
    : undefined
  const { issuer } = input.revocation
  const isByIssuer = issuer !== undefined && issuer !== 'stranger'
  const findings: readonly Finding[] = [
    { check: 'integrity', action: actions.integrity, detail: wholeDetail },
    { check: 'criticalAttributes', action: actions.integrity, ...understood },
    { check: 'authenticity', action: actions.authenticity, ...authenticity },
    { check: 'expiry', action: actions.expiry, ...expiry },
    { check: 'authenticTimestamp', action: actions.authenticTimestamp, ...findingOfTime(time) },
    {
      check: 'revocation',
      action: actions.revocation,
      ...findingOfRevocation(revocation, time, isByIssuer),
    },
  ]
  return verdictOf(statement, findings, { signature, time, revocation, aws, now })
}

const wholeDetail = 'the signature is of its certificate, and over this manifest'

function broken(
  statement: TrustPolicyStatement,
  { reason, detail }: Extract<IntegrityResult, { kind: 'broken' }>,
): NotationVerdict {
  const result = reason === 'limit' ? 'unknown' : 'invalid'
  const action = statement.actions.integrity
  return verdictOf(statement, [{ check: 'integrity', action, detail, failure: { result, reason } }])
}

function verifyExpiry({ envelope }: WholeSignature, now: number): Found {
  const { expiry } = envelope.attributes
  if (expiry === undefined) return { detail: 'the signature has no expiry' }
  const at = new Date(expiry).toISOString()
  return now < expiry
    ? { detail: `the signature expires at ${at}` }
    : {
        detail: `the signature expired at ${at}`,
        failure: { result: 'expired', reason: 'signature-expired' },
      }
}

function findingOfTime(time: TimeResult): Found {
  return time.kind === 'valid'
    ? { detail: time.detail }
    : { detail: time.detail, failure: { result: time.result, reason: time.reason } }
}

/** Only for a signer that is trusted: the addresses in a stranger's chain are the stranger's to choose. */
function judgeSignatureRevocation(
  { envelope, chain }: WholeSignature,
  { statement, revocation, now }: NotationInput,
  { aws, time }: { readonly aws: AwsSignature | undefined; readonly time: TimeResult },
): RevocationJudgement | undefined {
  if (statement.actions.revocation === 'skip') return undefined
  const { scheme, signingTime } = envelope.attributes
  if (aws !== undefined)
    return judgeAwsAnswer(revocationQuestion(aws, signingTime, chain), revocation.awsSigner)
  if (revocation.issuer !== undefined && revocation.issuer !== 'stranger')
    return judgeIssuerWord(revocation.issuer, { ...envelope.attributes, time })
  // A timestamp does not save a certificate that is revoked later, only an authority's own word does: the safe reading.
  const signedAt = scheme === 'notary.x509.signingAuthority' ? { signedAt: signingTime } : {}
  return judgeRevocation(chain, { answers: revocation.answers, now, ...signedAt })
}

function findingOfRevocation(
  judged: RevocationJudgement | undefined,
  time: TimeResult,
  isByIssuer: boolean,
): Found {
  if (judged === undefined)
    return {
      detail: 'not asked: the trust policy skips it, or the signer is not trusted',
      isSkipped: true,
    }
  if (judged.kind === 'good') return { detail: judged.detail }
  const isStamped = time.kind === 'valid' && time.timestamp !== undefined && !isByIssuer
  const detail = isStamped ? `${judged.detail}; its timestamp does not change that` : judged.detail
  return judged.kind === 'revoked'
    ? { detail, failure: { result: 'revoked', reason: 'revoked' } }
    : { detail: judged.detail, failure: { result: 'unknown', reason: 'revocation-unavailable' } }
}

function skipped({ name }: TrustPolicyStatement): NotationVerdict {
  const check = {
    check: 'integrity',
    outcome: 'skip',
    action: 'skip',
    detail: `the trust policy ${JSON.stringify(name)} skips verification: nothing was looked at`,
  } as const
  const outcome = { result: 'untrusted', reason: 'level-audit' } as const
  return { ...outcome, checks: [check], strict: outcome }
}

interface Judged {
  readonly signature: WholeSignature
  readonly time: TimeResult
  readonly revocation: RevocationJudgement | undefined
  readonly aws: AwsSignature | undefined
  readonly now: number
}

function verdictOf(
  { actions }: TrustPolicyStatement,
  findings: readonly Finding[],
  judged?: Judged,
): NotationVerdict {
  const strict = worstOf(findings) ?? { result: 'verified' as const }
  const enforced = worstOf(findings.filter(({ action }) => action === 'enforce'))
  // A level that lets strangers pass says nothing about who signed: it must not look like one that does.
  const passed =
    actions.authenticity === 'enforce'
      ? { result: 'verified' as const }
      : { result: 'untrusted' as const, reason: 'level-audit' as const }
  return {
    ...(enforced ?? passed),
    strict,
    checks: findings.map(renderCheck),
    ...(judged === undefined ? {} : signerOf(judged)),
  }
}

function signerOf({ signature, time, revocation, aws, now }: Judged): Partial<NotationVerdict> {
  const { envelope, leaf, target } = signature
  const { scheme, signingTime, expiry } = envelope.attributes
  const stamp = time.kind === 'valid' ? time.timestamp : undefined
  const ends = [
    expiry,
    time.validUntil,
    revocation?.kind === 'good' ? revocation.validUntil : undefined,
  ].flatMap((end) => (end !== undefined && end > now ? [end] : []))
  // What a timestamp proves has no end but the signature's own: its authority's answers are only asked for again.
  const own = [expiry, stamp === undefined ? time.validUntil : undefined].filter(
    (end) => end !== undefined,
  )
  return {
    identity: aws?.profileVersionArn ?? `x509.subject:${formatName(leaf.subject)}`,
    annotations: target.annotations,
    keyId: `sha256:${thumbprintOf(leaf)}`,
    ...(stamp === undefined
      ? {
          signedAt: signingTime,
          signedAtSource: scheme === 'notary.x509' ? ('claim' as const) : ('authority' as const),
        }
      : { signedAt: stamp.genTime, signedAtSource: 'timestamp' as const }),
    ...(ends.length === 0 ? {} : { validUntil: Math.min(...ends) }),
    ...(own.length === 0 ? {} : { endsAt: Math.min(...own) }),
  }
}
