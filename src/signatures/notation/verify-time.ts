// Purpose:  were the certificates valid when the signature was made, by a time that can be believed?
// Spec:     Notary Project trust-store-trust-policy.md, steps: validate authentic timestamp.
// Input:    a whole signature, the statement, the stores, the time now, and answers about revoked authorities.
// Deviates: times up to five minutes ahead of now are believed, later ones never.
// Unknowns: what could not be found out of a timestamp authority's revocation → 'unknown'.
import type { SignatureReason, SignatureResult } from '../outcome.ts'
import { isValidAt, type Certificate } from '../x509/certificate.ts'
import { isSelfSigned, shownName } from '../x509/chain-rules.ts'
import { judgeRevocation, type RevocationAnswers } from '../x509/revocation.ts'
import { verifyTimestampToken, type Timestamp } from '../x509/timestamp-token.ts'
import { storeKey, type TrustStores } from './trust-store.ts'
import type { TrustPolicyStatement } from './trust-policy.ts'
import type { WholeSignature } from './verify-integrity.ts'

const toleratedAhead = 5 * 60_000

export interface TimeContext {
  readonly statement: TrustPolicyStatement
  readonly stores: TrustStores
  readonly answers: RevocationAnswers
  readonly now: number
  readonly strictExtensions: boolean
}

export type TimeResult =
  | {
      readonly kind: 'valid'
      readonly detail: string
      /** The proven time, if there is one. */
      readonly timestamp?: Timestamp
      /** When this stops being so. */
      readonly validUntil?: number
    }
  | {
      readonly kind: 'failed'
      readonly result: SignatureResult
      readonly reason: SignatureReason
      readonly detail: string
      /** When it may be otherwise. */
      readonly validUntil?: number
    }

export function verifyTime(signature: WholeSignature, context: TimeContext): TimeResult {
  const { attributes } = signature.envelope
  if (attributes.scheme === 'notary.x509.signingAuthority')
    return verifyAuthenticTime(signature.chain, attributes.signingTime, context.now)
  return isStamped(signature, context)
    ? verifyStamped(signature, context)
    : verifyNow(signature.chain, context.now)
}

/** Whether the policy has the timestamp looked at. */
function isStamped(
  { envelope, chain }: WholeSignature,
  { statement, now }: Pick<TimeContext, 'statement' | 'now'>,
): boolean {
  const isNamed = statement.trustStores.some(({ type }) => type === 'tsa')
  const isDue =
    statement.verifyTimestamp === 'always' || chain.some(({ notAfter }) => now > notAfter)
  return envelope.attributes.scheme === 'notary.x509' && isNamed && isDue
}

function verifyAuthenticTime(
  chain: readonly Certificate[],
  signedAt: number,
  now: number,
): TimeResult {
  if (signedAt > now + toleratedAhead) return stillToCome('the authority signed at', signedAt)
  return (
    faultOfPeriod(chain, [signedAt, signedAt], 'the time that the signing authority states') ?? {
      kind: 'valid',
      detail: `every certificate was valid at ${shownTime(signedAt)}, when the signing authority signed`,
    }
  )
}

function verifyNow(chain: readonly Certificate[], now: number): TimeResult {
  // The end is still within the validity.
  const validUntil = Math.min(...chain.map(({ notAfter }) => notAfter)) + 1
  return (
    faultOfPeriod(chain, [now, now], 'now') ?? {
      kind: 'valid',
      detail: 'every certificate is valid now; no timestamp was looked at',
      validUntil,
    }
  )
}

function faultOfPeriod(
  chain: readonly Certificate[],
  [from, to]: readonly [number, number],
  what: string,
): TimeResult | undefined {
  const early = chain.find(({ notBefore }) => from < notBefore)
  if (early !== undefined)
    return {
      ...failed(
        'expired',
        'not-yet-valid',
        `${shownName(early)} is valid from ${shownTime(early.notBefore)}, which is after ${what}`,
      ),
      ...(what === 'now' ? { validUntil: early.notBefore } : {}),
    }
  const late = chain.find((one) => !isValidAt(one, to))
  return late === undefined
    ? undefined
    : failed(
        'expired',
        'certificate-expired',
        `${shownName(late)} was valid until ${shownTime(late.notAfter)}, which is before ${what}`,
      )
}

function verifyStamped(signature: WholeSignature, context: TimeContext): TimeResult {
  const stamp = readStamp(signature, context)
  if (stamp.kind === 'failed') return stamp
  const { genTime, accuracy } = stamp.timestamp
  if (genTime > context.now + toleratedAhead) return stillToCome('the timestamp is of', genTime)
  const range = [genTime - accuracy, genTime + accuracy] as const
  return (
    faultOfPeriod(signature.chain, range, 'the time that the timestamp proves') ??
    judgeAuthority(stamp.timestamp, context)
  )
}

/** The token, verified up to its authority's root; whether that authority is revoked is not asked here. */
function readStamp(
  { envelope }: WholeSignature,
  { statement, stores, strictExtensions }: Omit<TimeContext, 'answers'>,
): { readonly kind: 'stamp'; readonly timestamp: Timestamp } | FailedTime {
  if (envelope.timestamp === undefined)
    return failed(
      'untrusted',
      'timestamp',
      'the trust policy wants a timestamp, and the signature has none',
    )
  const names = statement.trustStores.filter(({ type }) => type === 'tsa').map(storeKey)
  const missing = names.find((name) => (stores.get(name) ?? []).length === 0)
  if (missing !== undefined)
    return failed('unknown', 'root-missing', `the trust store ${missing} is missing or empty`)
  const roots = names.flatMap((name) => stores.get(name) ?? []).filter(isSelfSigned)
  const trust = { roots, strictExtensions }
  const token = verifyTimestampToken(envelope.timestamp, envelope.signature, trust)
  if (token.kind === 'timestamp') return { kind: 'stamp', timestamp: token.timestamp }
  const result = token.kind === 'untrusted' ? 'untrusted' : 'invalid'
  return failed(result, 'timestamp', token.detail)
}

/** The chain of the authority whose revocation is part of the judgement; undefined where there is none. */
export function authorityChainOf(
  signature: WholeSignature,
  context: Omit<TimeContext, 'answers'>,
): readonly Certificate[] | undefined {
  if (!isStamped(signature, context)) return undefined
  const stamp = readStamp(signature, context)
  return stamp.kind === 'stamp' ? stamp.timestamp.chain : undefined
}

/** Enforced whatever the level says of revocation: a timestamp of a lost key proves nothing. */
function judgeAuthority(
  timestamp: Timestamp,
  context: { readonly answers: RevocationAnswers; readonly now: number },
): TimeResult {
  const revocation = judgeRevocation(timestamp.chain, context)
  switch (revocation.kind) {
    case 'good':
      return {
        kind: 'valid',
        detail: `every certificate was valid at ${shownTime(timestamp.genTime)}, as the timestamp of ${timestamp.chain[0] === undefined ? '' : shownName(timestamp.chain[0])} proves`,
        timestamp,
        ...(revocation.validUntil === undefined ? {} : { validUntil: revocation.validUntil }),
      }
    case 'revoked':
      return failed('revoked', 'revoked', `of the timestamp authority: ${revocation.detail}`)
    case 'unknown':
      return failed(
        'unknown',
        'revocation-unavailable',
        `of the timestamp authority: ${revocation.detail}`,
      )
  }
}

type FailedTime = Extract<TimeResult, { kind: 'failed' }>

function failed(result: SignatureResult, reason: SignatureReason, detail: string): FailedTime {
  return { kind: 'failed', result, reason, detail }
}

function stillToCome(what: string, at: number): FailedTime {
  const detail = `${what} ${shownTime(at)}, which is still to come`
  return { ...failed('invalid', 'timestamp', detail), validUntil: at - toleratedAhead }
}

function shownTime(at: number): string {
  return new Date(at).toISOString()
}
