// Purpose:  was a signature made with one of the keys that a trust policy names, while that key counted?
// Spec:     sigstore client specification for keys given by the user; cosign's hint is base64 of the SHA-256 of the key in DER.
// Input:    a signature as read; hostile. The entry of a trust policy.
// Deviates: a hint orders the keys and decides nothing, since nobody signed it. A proof that is not asked for may be missing, not false in silence: it is told.
// Unknowns: no root where evidence is asked for → unknown (root-missing). A signature of no known key may be anybody's → untrusted.
import { Verifier } from '@sigstore/verify'
import { verifies } from '../../lib/public-keys.ts'
import type { SignatureCheck } from '../outcome.ts'
import type { KeyEntry, NamedKey } from './accept-entry.ts'
import type { UnverifiedSignature } from './candidate.ts'
import { passed, skipped, type Failure } from './check-list.ts'
import type { SigstoreRoot } from './trusted-root.ts'
import { contentOf, dateText, messageOf, readTimes } from './verify-evidence.ts'
import { fail, proveEvidence, type SignerProof } from './verify-keyless.ts'

export type KeyProof = SignerProof & { readonly key?: NamedKey }

export interface KeyTimes {
  readonly now: number
  /** When the registry first saw it: what stands for the time of a signature that proves none. */
  readonly seenAt: number | undefined
}

export function verifyWithKeys(
  signature: UnverifiedSignature,
  entry: KeyEntry,
  { now, seenAt }: KeyTimes,
): KeyProof {
  const { signer } = signature
  if (signature.format === 'cosign-bundle' && signer.kind === 'certificate')
    return fail([], 'signature', {
      result: 'untrusted',
      reason: 'identity-mismatch',
      detail: 'it is signed under a certificate; this entry of the policy wants a key',
    })
  const hint = signer.kind === 'key' ? signer.hint : ''
  const key = findKey(signature, entry.keys, hint)
  if (key === undefined) return fail([], 'signature', whyNoKey(entry.keys, hint))
  const checks: SignatureCheck[] = [
    passed('signature', `made with the key "${key.name}" (${key.key.fingerprint})`),
  ]
  const evidence = proveTimes(signature, { entry, key, now })
  checks.push(...evidence.checks)
  if (evidence.kind === 'failed') return { ...evidence, checks, key }
  const { time } = evidence
  const failure = faultOfWindow(key, time?.at ?? seenAt, now)
  if (failure !== undefined) return { ...fail(checks, 'key', failure), key }
  checks.push(passed('key', 'the key counted at that time'))
  return { kind: 'proven', checks, time, key }
}

/** The key that the hint names first; then each, since a hint is only a hint. */
function findKey(
  { signed, signature }: UnverifiedSignature,
  keys: readonly NamedKey[],
  hint: string,
): NamedKey | undefined {
  const ordered = [
    ...keys.filter((key) => isNamedBy(key, hint)),
    ...keys.filter((key) => !isNamedBy(key, hint)),
  ]
  return ordered.find(({ key }) => verifies(key, signed, signature))
}

function isNamedBy({ key }: NamedKey, hint: string): boolean {
  return hint === keyHint(key.fingerprint)
}

/** cosign's, from the fingerprint in hex. */
export function keyHint(fingerprint: string): string {
  return Buffer.from(fingerprint, 'hex').toString('base64')
}

function whyNoKey(keys: readonly NamedKey[], hint: string): Failure {
  const named = keys.find((key) => isNamedBy(key, hint))
  return named === undefined
    ? {
        result: 'untrusted',
        reason: 'identity-mismatch',
        detail: `none of the ${keys.length} keys of this entry made it`,
      }
    : {
        result: 'invalid',
        reason: 'bad-signature',
        detail: `it names the key "${named.name}", which did not make it`,
      }
}

function proveTimes(
  signature: UnverifiedSignature,
  { entry, key, now }: { readonly entry: KeyEntry; readonly key: NamedKey; readonly now: number },
): SignerProof {
  const { root, thresholds } = entry
  const isWanted = thresholds.log > 0 || thresholds.time > 0
  if (root === undefined)
    return isWanted
      ? fail([], 'trusted-root', {
          result: 'unknown',
          reason: 'root-missing',
          detail: 'the policy wants log entries or times, and names no trusted root that is here',
        })
      : withoutEvidence('neither logs nor times are asked for')
  const whole = proveUnder(signature, { root, thresholds, key, now })
  if (whole.kind === 'proven') return whole
  const untold = `not asked for, and not proven: ${whole.failure.detail}`
  for (const { left, without } of partsOf(signature, thresholds)) {
    const proof = proveUnder(left, { root, thresholds, key, now })
    if (proof.kind === 'proven')
      return { ...proof, checks: [...proof.checks, skipped(without, untold)] }
  }
  return isWanted ? whole : withoutEvidence(untold)
}

/** Without the kind of evidence that is not asked for: whoever handed the signature over could have left it out as well. */
function partsOf(
  signature: UnverifiedSignature,
  { log, time }: KeyEntry['thresholds'],
): readonly { readonly left: UnverifiedSignature; readonly without: string }[] {
  const { timestamps, logEntries } = signature
  return [
    ...(time === 0 && timestamps.length > 0 && logEntries.length > 0
      ? [{ left: { ...signature, timestamps: [] }, without: 'time' }]
      : []),
    ...(log === 0 && timestamps.length > 0 && logEntries.length > 0
      ? [{ left: { ...signature, logEntries: [] }, without: 'transparency' }]
      : []),
  ]
}

function withoutEvidence(detail: string): SignerProof {
  return { kind: 'proven', checks: [skipped('transparency', detail)], time: undefined }
}

function proveUnder(
  signature: UnverifiedSignature,
  {
    root,
    thresholds,
    key,
    now,
  }: {
    readonly root: SigstoreRoot
    readonly thresholds: KeyEntry['thresholds']
    readonly key: NamedKey
    readonly now: number
  },
): SignerProof {
  const claimed = readTimes(signature)
  if (claimed.kind === 'failed') return fail([], 'time', claimed.failure)
  const { times, timestamps } = claimed
  const proof = proveEvidence(signature, { times, root, thresholds, now })
  if (proof.kind === 'failed') return proof
  // The library verifies stamps on the way to a key; what the key signed is verified already.
  const publicKey = () => ({ publicKey: key.key.key, validFor: () => true })
  try {
    new Verifier(
      { ...root.material, publicKey },
      { tlogThreshold: 0, timestampThreshold: 0 },
    ).verify({
      signature: contentOf(signature, () => true),
      key: { $case: 'public-key', hint: '' },
      timestamps,
      tlogEntries: [],
    })
    return proof
  } catch (error) {
    const detail = messageOf(error)
    return fail(proof.checks, 'time', { result: 'invalid', reason: 'timestamp', detail })
  }
}

/** `at`: of the signature, proven or seen; without one it is judged as made now. */
function faultOfWindow(
  { name, validFrom, validUntil, revokedFrom }: NamedKey,
  at: number | undefined,
  now: number,
): Failure | undefined {
  const time = at ?? now
  if (revokedFrom !== undefined && (at === undefined || at >= revokedFrom))
    return {
      result: 'revoked',
      reason: 'revoked',
      detail: `the key "${name}" is revoked from ${dateText(revokedFrom)}, and nothing shows that it signed before`,
    }
  if (validFrom !== undefined && time < validFrom)
    return {
      result: 'expired',
      reason: 'not-yet-valid',
      detail: `the key "${name}" counts from ${dateText(validFrom)}`,
    }
  return validUntil !== undefined && time > validUntil
    ? {
        result: 'expired',
        reason: 'signature-expired',
        detail: `the key "${name}" counted until ${dateText(validUntil)}`,
      }
    : undefined
}
