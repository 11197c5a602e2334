// Purpose:  judge one signature of an image as cosign makes them, under one entry of a trust policy.
// Spec:     sigstore client specification, "Verification"; what it leaves to clients: payload type, statement, subject, identity.
// Input:    bytes beside an image, hostile; the image's digest; an entry of a policy; the time.
// Deviates: an attestation is no signature: a scan report would be an approval else. Policies may say otherwise.
// Unknowns: see outcome.ts: whatever is not proven is not 'verified'.
import type { Digest } from '../../oci/digest.ts'
import type { SignatureCheck, SignatureVerdict } from '../outcome.ts'
import type { AcceptEntry } from './accept-entry.ts'
import type { SigstoreCandidate, UnverifiedSignature } from './candidate.ts'
import {
  failedVerdict,
  passed,
  verifiedVerdict,
  type Failure,
  type SignerFacts,
} from './check-list.ts'
import { imageSignatureType } from './predicate-types.ts'
import { readCandidate } from './read-candidate.ts'
import { proveSigner } from './prove-signer.ts'
import { namesRepository, readSimplePayload } from './simple-signing.ts'
import { annotationsOf, faultOfSubject, readStatement, type Statement } from './statement.ts'

export interface SigstoreRequest {
  /** Of the image that is asked about. */
  readonly subject: Digest
  readonly entry: AcceptEntry
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When the registry first saw the signature, where it knows. */
  readonly seenAt?: number
  /** Given where simple signing must name the repository: a signature moved elsewhere with its image does not count there. */
  readonly repository?: string
  /** What the signer must have said of the image, as with `cosign verify -a`: each compared as it is. */
  readonly annotations?: Readonly<Record<string, string>>
}

export function verifySigstore(
  candidate: SigstoreCandidate,
  request: SigstoreRequest,
): SignatureVerdict {
  const sound = verifyContent(candidate, request)
  if (sound.kind === 'failed') return sound.verdict
  const { checks, facts, statement } = sound
  const predicateType = statement?.predicateType ?? imageSignatureType
  if (predicateType !== imageSignatureType && !request.entry.acceptAttestationAsSignature)
    return failedVerdict(
      checks,
      'predicate-type',
      {
        result: 'none',
        reason: 'unsigned',
        detail: `it is an attestation of ${predicateType}, not a signature of the image`,
      },
      facts,
    )
  return verifiedVerdict([...checks, passed('predicate-type', predicateType)], facts)
}

export type SoundContent =
  | { readonly kind: 'failed'; readonly verdict: SignatureVerdict }
  | {
      readonly kind: 'sound'
      readonly checks: readonly SignatureCheck[]
      readonly facts: SignerFacts
      /** Undefined of simple signing. */
      readonly statement: Statement | undefined
      /** The very bytes that were signed. */
      readonly payload: Buffer
    }

/** Everything but what kind of statement it is. */
export function verifyContent(
  candidate: SigstoreCandidate,
  request: SigstoreRequest,
): SoundContent {
  const reading = readCandidate(candidate)
  if (reading.kind === 'refused') return failed([], 'form', unread(reading))
  const { signature } = reading
  const signer = proveSigner(signature, request)
  const checks: SignatureCheck[] = [passed('form', signature.format), ...signer.checks]
  if (signer.kind === 'failed') return failed(checks, signer.check, signer.failure, signer.facts)
  const content = readContent(signature, request)
  if (content.kind === 'failed')
    return failed(
      checks,
      content.check,
      content.failure,
      content.isSound === true ? signer.facts : {},
    )
  checks.push(passed('subject', content.detail))
  if (signer.mismatch !== undefined)
    return failed(checks, 'identity', signer.mismatch, signer.facts)
  checks.push(passed('identity', signer.facts.identity ?? ''))
  const { statement } = content
  return { kind: 'sound', checks, facts: signer.facts, statement, payload: signature.payload }
}

/** What is more than is read here may be sound. */
function unread({
  reason,
  detail,
}: {
  readonly reason: 'malformed' | 'limit'
  readonly detail: string
}): Failure {
  return { result: reason === 'limit' ? 'unknown' : 'invalid', reason, detail }
}

function failed(
  checks: readonly SignatureCheck[],
  check: string,
  failure: Failure,
  facts: SignerFacts = {},
): SoundContent {
  return { kind: 'failed', verdict: failedVerdict(checks, check, failure, facts) }
}

type Content =
  | {
      readonly kind: 'failed'
      readonly check: string
      readonly failure: Failure
      /** About this image, and yet not as the policy wants it. */
      readonly isSound?: boolean
    }
  | { readonly kind: 'read'; readonly statement: Statement | undefined; readonly detail: string }

/** Only now, of the bytes whose signature was verified. */
function readContent(signature: UnverifiedSignature, request: SigstoreRequest): Content {
  const { payload, payloadType } = signature
  return payloadType === undefined
    ? readSimple(payload, request)
    : readSigned(payload, payloadType, request)
}

function readSigned(
  payload: Buffer,
  payloadType: string,
  { subject, annotations }: SigstoreRequest,
): Content {
  const reading = readStatement(payload, payloadType)
  if (reading.kind === 'refused')
    return { kind: 'failed', check: 'statement', failure: unread(reading) }
  const { statement } = reading
  const fault = faultOfSubject(statement, subject)
  if (fault !== undefined) return invalid('subject', 'subject-mismatch', fault)
  const said = annotationsOf(statement, subject)
  const detail = `one of ${statement.subjects.length} subjects`
  return withAnnotations(annotations, said) ?? { kind: 'read', statement, detail }
}

function readSimple(
  payload: Buffer,
  { subject, repository, annotations }: SigstoreRequest,
): Content {
  const reading = readSimplePayload(payload)
  if (reading.kind === 'refused') return invalid('statement', 'malformed', reading.detail)
  const { digest, reference, optional } = reading.payload
  if (digest !== subject)
    return invalid('subject', 'subject-mismatch', `it signs ${digest}, not ${subject}`)
  if (repository !== undefined && !namesRepository(reference, repository))
    return invalid(
      'repository',
      'subject-mismatch',
      `it signs the image as ${JSON.stringify(reference.slice(0, 300))}, not in ${repository}`,
    )
  const detail = 'the digest that the payload names'
  return withAnnotations(annotations, [optional]) ?? { kind: 'read', statement: undefined, detail }
}

/** Undefined where one of those `said` has all that are wanted. */
function withAnnotations(
  wanted: Readonly<Record<string, string>> = {},
  said: readonly Readonly<Record<string, string>>[],
): Content | undefined {
  const pairs = Object.entries(wanted)
  const has = (each: Readonly<Record<string, string>>): boolean =>
    pairs.every(([name, value]) => Object.hasOwn(each, name) && each[name] === value)
  if (said.some(has)) return undefined
  const text = pairs.map(([name, value]) => `${name}=${value}`).join(', ')
  const detail = `the signer did not say ${text} of the image`
  return {
    kind: 'failed',
    check: 'annotations',
    failure: { result: 'untrusted', reason: 'identity-mismatch', detail },
    isSound: true,
  }
}

function invalid(check: string, reason: 'malformed' | 'subject-mismatch', detail: string): Content {
  return { kind: 'failed', check, failure: { result: 'invalid', reason, detail } }
}
