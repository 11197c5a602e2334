// Purpose:  from the verdicts of all signatures of a digest to what is said of the digest, under one policy.
// Spec:     signing reference 5.4; `threshold` counts distinct identities, never signatures.
// Input:    verdicts with the entry under which each was found.
// Deviates: nothing.
// Unknowns: candidates that were not tried, or not to the end, make the answer unknown unless the others suffice.
import type { SignatureReason, SignatureResult } from '../../signatures/outcome.ts'

export interface FoundVerdict {
  /** Which signature. */
  readonly key: string
  readonly entry: string
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identity: string | undefined
  readonly keyId: string | undefined
  /** Milliseconds; from when on it must be made again. */
  readonly validUntil: number | undefined
}

/** Somebody whose signature counts, and on which signatures that rests. */
export interface Support {
  readonly identity: string
  readonly key: string
  readonly validUntil: number | undefined
}

export interface Evidence {
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  /** Signatures by their own results. */
  readonly countByResult: Readonly<Partial<Record<SignatureResult, number>>>
  /** In the order of text; of those that count. */
  readonly identities: readonly string[]
  readonly supports: readonly Support[]
  /** Milliseconds: from when on it must be made again. */
  readonly validUntil: number | undefined
}

/** The strongest first: an unknown may still turn out well, and is what somebody can act on. */
const negatives = ['revoked', 'unknown', 'expired', 'invalid', 'untrusted', 'none'] as const

export function aggregateEvidence(
  verdicts: readonly FoundVerdict[],
  policy: { readonly threshold: number },
  /** Why not all candidates have a verdict. */
  left: 'too-many-signatures' | 'limit' | undefined,
): Evidence {
  const bySignature = [...Map.groupBy(verdicts, ({ key }) => key).values()].map(strongestOf)
  const countByResult = countResults(bySignature)
  const supports = supportsOf(verdicts)
  const identities = [...new Set(supports.map(({ identity }) => identity))].toSorted()
  const common = { countByResult, identities, supports }
  if (identities.length >= policy.threshold) {
    const validUntil = untilBelow(supports, policy.threshold)
    return { ...common, result: 'verified', reason: undefined, validUntil }
  }
  const worst = worstOf(bySignature, left)
  const validUntil = earliest(verdicts.map((verdict) => verdict.validUntil))
  return { ...common, ...worst, validUntil }
}

/** Of one signature under several entries: that it is good under one is enough. */
function strongestOf(verdicts: readonly FoundVerdict[]): FoundVerdict {
  const good = verdicts.find(({ result }) => result === 'verified')
  const bad = negatives.flatMap((word) => verdicts.filter(({ result }) => result === word))
  const found = good ?? bad[0]
  if (found === undefined) throw new Error('a signature without a verdict')
  return found
}

function countResults(
  verdicts: readonly FoundVerdict[],
): Readonly<Partial<Record<SignatureResult, number>>> {
  const counts: Partial<Record<SignatureResult, number>> = {}
  for (const { result } of verdicts) counts[result] = (counts[result] ?? 0) + 1
  return counts
}

function worstOf(
  verdicts: readonly FoundVerdict[],
  left: 'too-many-signatures' | 'limit' | undefined,
): { readonly result: SignatureResult; readonly reason: SignatureReason | undefined } {
  const seen = verdicts.map(({ result, reason }) =>
    // Sound signatures that are too few.
    result === 'verified'
      ? ({ result: 'untrusted', reason: 'threshold-not-met' } as const)
      : { result, reason },
  )
  const all = left === undefined ? seen : [...seen, { result: 'unknown', reason: left } as const]
  for (const word of negatives) {
    const found = all.filter(({ result }) => result === word)
    const [first] = found
    if (first === undefined) continue
    const tooFew = found.find(({ reason }) => reason === 'threshold-not-met')
    return tooFew ?? first
  }
  return { result: 'none', reason: 'unsigned' }
}

/** Two verdicts are of one signer where they share the identity or the key: nobody counts twice by having two names. */
function supportsOf(verdicts: readonly FoundVerdict[]): readonly Support[] {
  const good = verdicts.filter(({ result }) => result === 'verified')
  const names = new Map<string, string>()
  const rootOf = (name: string): string => {
    let at = name
    for (let next = names.get(at); next !== undefined && next !== at; next = names.get(at))
      at = next
    return at
  }
  for (const verdict of good) {
    const [first = '', ...others] = namesOf(verdict)
    for (const other of others) {
      const [one = '', two = ''] = [rootOf(first), rootOf(other)].toSorted()
      if (one !== two) names.set(two, one)
    }
  }
  const labels = new Map<string, string>()
  for (const verdict of good.toSorted((a, b) => (said(a) < said(b) ? -1 : 1))) {
    const root = rootOf(namesOf(verdict)[0] ?? '')
    if (!labels.has(root)) labels.set(root, said(verdict))
  }
  const supports = good.map((verdict) => ({
    identity: labels.get(rootOf(namesOf(verdict)[0] ?? '')) ?? said(verdict),
    key: verdict.key,
    validUntil: verdict.validUntil,
  }))
  return mergedSupports(supports)
}

function namesOf({ identity, keyId, entry }: FoundVerdict): readonly string[] {
  const found = [
    ...(identity === undefined ? [] : [`identity ${identity}`]),
    ...(keyId === undefined ? [] : [`key ${keyId}`]),
  ]
  return found.length === 0 ? [`entry ${entry}`] : found
}

function said({ identity, keyId, entry }: FoundVerdict): string {
  return identity ?? keyId ?? entry
}

/** One for each signer and signature, with the longest time. */
function mergedSupports(supports: readonly Support[]): readonly Support[] {
  const groups = Map.groupBy(supports, ({ identity, key }) => JSON.stringify([identity, key]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined
      ? []
      : [{ ...first, validUntil: latest(group.map((one) => one.validUntil)) }]
  })
}

/** When fewer signers than the threshold are left: those with the longest time carry it on. */
function untilBelow(supports: readonly Support[], threshold: number): number | undefined {
  const ends = [...Map.groupBy(supports, ({ identity }) => identity).values()].map(
    (own) => latest(own.map(({ validUntil }) => validUntil)) ?? Infinity,
  )
  const end = ends.toSorted((a, b) => b - a)[threshold - 1]
  return end === undefined || end === Infinity ? undefined : end
}

/** Undefined: for ever. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  const last = Math.max(...times.map((time) => time ?? Infinity))
  return last === Infinity ? undefined : last
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const first = Math.min(...times.map((time) => time ?? Infinity))
  return first === Infinity ? undefined : first
}
