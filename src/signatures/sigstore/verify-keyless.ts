// Purpose:  was a signature made under a certificate of the trusted root, at a proven time within its few minutes?
// Spec:     sigstore client specification, "Verification" steps: time, certificate, transparency, signature.
// Input:    a signature as read; hostile. The entry of a trust policy with its root.
// Deviates: a time is always wanted: without one the library would not look at the chain at all. The leaf must be for signing code.
// Unknowns: no root → unknown (root-missing); evidence that may exist elsewhere (a legacy signature without its log entry) → unknown.
import { X509Certificate } from '@sigstore/core'
import { VerificationError, Verifier } from '@sigstore/verify'
import { verifies } from '../../lib/public-keys.ts'
import type { SignatureCheck } from '../outcome.ts'
import type { KeylessEntry } from './accept-entry.ts'
import type { UnverifiedSignature } from './candidate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { readSigningCertificate } from './certificate-identity.ts'
import { passed, type Failure } from './check-list.ts'
import type { SigstoreRoot } from './trusted-root.ts'
import {
  contentOf,
  dateText,
  distinctLogs,
  distinctSources,
  earliestOf,
  faultOfLogWindows,
  messageOf,
  readTimes,
  verifyLogEntries,
  type ProvenTime,
  type Timestamps,
} from './verify-evidence.ts'

export type SignerProof =
  | {
      readonly kind: 'proven'
      readonly checks: readonly SignatureCheck[]
      /** The earliest that is proven. */
      readonly time: ProvenTime | undefined
    }
  | {
      readonly kind: 'failed'
      readonly checks: readonly SignatureCheck[]
      readonly check: string
      readonly failure: Failure
    }

/** How far the clocks of logs and authorities may be ahead of ours. */
export const clockSkewMs = 5 * 60 * 1000

export function verifyKeyless(
  signature: UnverifiedSignature,
  entry: KeylessEntry,
  now: number,
): SignerProof {
  const { signer } = signature
  if (signer.kind !== 'certificate')
    return fail([], 'certificate', {
      result: 'untrusted',
      reason: 'identity-mismatch',
      detail: 'it is signed with a key; this entry of the policy wants a certificate',
    })
  const { root } = entry
  if (root === undefined)
    return fail([], 'trusted-root', {
      result: 'unknown',
      reason: 'root-missing',
      detail: 'the trusted root that the policy names is not here',
    })
  return verifyUnder(signature, signer.der, { entry, root, now })
}

interface Under {
  readonly entry: KeylessEntry
  readonly root: SigstoreRoot
  readonly now: number
}

function verifyUnder(
  signature: UnverifiedSignature,
  der: Buffer,
  { entry, root, now }: Under,
): SignerProof {
  const checks: SignatureCheck[] = []
  const claimed = readTimes(signature)
  if (claimed.kind === 'failed') return fail(checks, 'time', claimed.failure)
  const { times, timestamps } = claimed
  const { log, time } = entry.thresholds
  const thresholds = { log, time: Math.max(1, time) }
  const proof = proveEvidence(signature, { times, root, thresholds, now })
  if (proof.kind === 'failed') return proof
  checks.push(...proof.checks)
  const reading = readSigningCertificate(der)
  if (reading.kind === 'refused')
    return fail(checks, 'certificate', {
      result: 'invalid',
      reason: 'certificate-rule',
      detail: reading.detail,
    })
  const failure = verifyChain(signature, reading.certificate, { timestamps, entry, root, times })
  if (failure !== undefined) return fail(checks, failure.check, failure)
  checks.push(
    passed('certificate', `its chain ends in the trusted root "${root.name}"`),
    passed('signature', 'made with the key of the certificate'),
  )
  return { kind: 'proven', checks, time: earliestOf(times) }
}

/** What both kinds of entry demand of logs and times. */
export function proveEvidence(
  signature: UnverifiedSignature,
  {
    times,
    root,
    thresholds,
    now,
  }: {
    readonly times: readonly ProvenTime[]
    readonly root: SigstoreRoot
    readonly thresholds: { readonly log: number; readonly time: number }
    readonly now: number
  },
): SignerProof {
  const content = contentOf(signature, () => false)
  const read = verifyLogEntries(signature, root, content)
  if (read.kind === 'failed') return fail([], 'transparency', read.failure)
  const { logs } = read
  const counted = distinctLogs(logs)
  if (counted < thresholds.log)
    return fail(
      [],
      'transparency',
      missing(signature, 'transparency', logsText(counted, thresholds.log)),
    )
  const window = faultOfLogWindows(logs, times)
  if (window !== undefined)
    return fail([], 'transparency', {
      result: 'untrusted',
      reason: 'transparency',
      detail: window,
    })
  const checks = [passed('transparency', logsText(counted, thresholds.log))]
  const sources = distinctSources(times)
  if (sources < thresholds.time)
    return fail(
      checks,
      'time',
      missing(signature, 'timestamp', timesText(sources, thresholds.time)),
    )
  const late = times.find(({ at }) => at > now + clockSkewMs)
  if (late !== undefined)
    return fail(checks, 'time', {
      result: 'invalid',
      reason: 'timestamp',
      detail: `it says that it was made at ${dateText(late.at)}, which is yet to come`,
    })
  return { kind: 'proven', checks, time: earliestOf(times) }
}

function logsText(found: number, wanted: number): string {
  return `in ${found} transparency logs, of which ${wanted} are wanted`
}

function timesText(found: number, wanted: number): string {
  return `its time is vouched for by ${found}, of which ${wanted} are wanted`
}

/** A bundle is whole; of cosign 2's signatures the log may know what the annotations do not have. */
function missing(
  { format }: UnverifiedSignature,
  reason: 'transparency' | 'timestamp',
  detail: string,
): Failure {
  return { result: format === 'cosign-bundle' ? 'untrusted' : 'unknown', reason, detail }
}

/** The part that the library does: stamps, chain at each time, certificate logs, signature. */
function verifyChain(
  signature: UnverifiedSignature,
  leaf: Certificate,
  {
    timestamps,
    entry,
    root,
    times,
  }: {
    readonly timestamps: Timestamps
    readonly entry: KeylessEntry
    readonly root: SigstoreRoot
    readonly times: readonly ProvenTime[]
  },
): (Failure & { readonly check: string }) | undefined {
  const { signed, signature: bytes } = signature
  const content = contentOf(signature, (key) => verifies({ key, fingerprint: '' }, signed, bytes))
  const { certificateLog, time } = entry.thresholds
  const material = { ...root.material, publicKey: noKey }
  const options = {
    ctlogThreshold: certificateLog,
    tlogThreshold: 0,
    timestampThreshold: Math.max(1, time),
  }
  try {
    const certificate = X509Certificate.parse(Buffer.from(leaf.der))
    new Verifier(material, options).verify({
      signature: content,
      key: { $case: 'certificate', certificate },
      timestamps,
      tlogEntries: [],
    })
    return undefined
  } catch (error) {
    return explain(error, leaf, times)
  }
}

function noKey(): never {
  throw new Error('no key stands for a certificate')
}

/** The library says which step failed by a code; which of a chain's faults it was, only in words. */
function explain(
  error: unknown,
  leaf: Certificate,
  times: readonly ProvenTime[],
): Failure & { readonly check: string } {
  const detail = messageOf(error)
  if (!(error instanceof VerificationError))
    return { check: 'certificate', result: 'invalid', reason: 'malformed', detail }
  if (error.code === 'TIMESTAMP_ERROR')
    return { check: 'time', result: 'invalid', reason: 'timestamp', detail }
  if (error.code === 'SIGNATURE_ERROR')
    return { check: 'signature', result: 'invalid', reason: 'bad-signature', detail }
  if (/SCT/.test(detail))
    return { check: 'certificate-log', result: 'untrusted', reason: 'transparency', detail }
  const outside = timeOutside(leaf, times)
  return (
    outside ?? { check: 'certificate', result: 'untrusted', reason: 'chain-not-in-store', detail }
  )
}

function timeOutside(
  { notBefore, notAfter }: Certificate,
  times: readonly ProvenTime[],
): (Failure & { readonly check: string }) | undefined {
  const detail = `the certificate is valid from ${dateText(notBefore)} to ${dateText(notAfter)}, not when it signed`
  const fault = { check: 'certificate', result: 'expired', detail } as const
  if (times.some(({ at }) => at > notAfter)) return { ...fault, reason: 'certificate-expired' }
  return times.some(({ at }) => at < notBefore) ? { ...fault, reason: 'not-yet-valid' } : undefined
}

export function fail(
  checks: readonly SignatureCheck[],
  check: string,
  failure: Failure,
): SignerProof {
  return { kind: 'failed', checks, check, failure }
}
