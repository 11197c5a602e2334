// Every candidate of a digest under every policy that is about it.
import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SignatureReason } from '../signatures/outcome.ts'
import {
  readCandidateContent,
  type Candidate,
  type CandidateList,
  type SubjectContent,
} from './list-candidates.ts'
import type { LoadedPolicy } from './load-policies.ts'
import { isTrustError } from './errors.ts'
import { isAbout, isLikelySignature } from './rules/candidate.ts'
import type { AcceptEntry } from './rules/trust-policy.ts'
import {
  unverified,
  subjectTime,
  type CandidateVerdict,
  type SignedSubject,
  type Verifier,
  type VerifierOptions,
} from './rules/verifier.ts'

export interface JudgedCandidate {
  readonly candidate: Candidate
  readonly policy: LoadedPolicy
  /** Id of the entry; empty where the policy has none for signatures of that form. */
  readonly entry: string
  readonly verdict: CandidateVerdict
}

export interface Judgement {
  readonly judged: readonly JudgedCandidate[]
  /** Why not all candidates were judged. */
  readonly left: 'too-many-signatures' | 'limit' | undefined
  /** Milliseconds: when it is worth another try, since there was no time. */
  readonly retryAt: number | undefined
}

/** Of one digest. */
const budgetMs = 5000
/** A busy machine has time again. */
const retryMs = 10 * 60_000
/** A blob that is missing comes back by a push, of which nobody is told here. */
const lookAgainMs = 3_600_000
const budgetBytes = 64 * 1024 * 1024

export async function judgeCandidates(
  deps: { readonly clock: Clock; readonly content: SubjectContent; readonly verifier: Verifier },
  given: {
    readonly candidates: CandidateList
    readonly subject: SignedSubject
    readonly policies: readonly LoadedPolicy[]
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<Judgement> {
  const { clock, content } = deps
  const { candidates, subject, policies } = given
  const now = clock.now().getTime()
  const judged: JudgedCandidate[] = []
  const options = { signal, time: subjectTime(budgetMs) }
  let bytes = budgetBytes
  for (const candidate of candidates.tried) {
    signal.throwIfAborted()
    if (clock.now().getTime() - now > budgetMs || options.time.left() <= 0)
      return { judged, left: 'limit', retryAt: now + retryMs }
    const read = await readCandidateContent(content, candidate, bytes)
    if (read.kind === 'read') bytes -= read.bytes.byteLength
    for (const policy of policies)
      for (const entry of entriesAbout(policy, candidate)) {
        const verdict =
          read.kind === 'read'
            ? await verdictOf(
                deps.verifier,
                { candidate, bytes: read.bytes, subject, policy, entry, now },
                options,
              )
            : unread(read.kind === 'missing' ? 'blob-missing' : 'limit', candidate)
        judged.push({
          candidate,
          policy,
          entry: entry?.id ?? '',
          verdict: within(verdict, candidate, now),
        })
      }
    await yieldToEventLoop()
  }
  const left = candidates.hasMore ? 'too-many-signatures' : undefined
  return { judged, left, retryAt: undefined }
}

/** Undefined stands for a policy that has no word for signatures of that form. */
function entriesAbout(
  { policy }: LoadedPolicy,
  { format }: Candidate,
): readonly (AcceptEntry | undefined)[] {
  const entries = policy.accept.filter((entry) => isAbout(entry, format))
  return entries.length === 0 ? [undefined] : entries
}

async function verdictOf(
  verifier: Verifier,
  given: {
    readonly candidate: Candidate
    readonly bytes: Uint8Array
    readonly subject: SignedSubject
    readonly policy: LoadedPolicy
    readonly entry: AcceptEntry | undefined
    readonly now: number
  },
  options: VerifierOptions,
): Promise<CandidateVerdict> {
  const { candidate, bytes, subject, policy, entry, now } = given
  const { format, seenAt, layer, predicateTypeHint } = candidate
  if (entry === undefined) {
    const detail = `no entry of the policy is about signatures of the form ${format}`
    return unverified(
      'untrusted',
      { reason: 'identity-mismatch', detail },
      isLikelySignature(candidate),
    )
  }
  const hint = predicateTypeHint === undefined ? {} : { predicateTypeHint }
  const input = { format, content: bytes, annotations: layer.annotations ?? {}, seenAt, ...hint }
  try {
    const { material } = policy
    return await verifier({ candidate: input, subject, entry, material, now }, options)
  } catch (error) {
    // Who stops, or had no turn, has found nothing.
    options.signal.throwIfAborted()
    if (isTrustError(error)) throw error
    // One that upsets the verifier must not keep the others from being judged.
    const detail = `the verifier failed: ${error instanceof Error ? error.message.slice(0, 200) : 'without a word'}`
    return unverified('unknown', { reason: 'limit', detail }, true)
  }
}

function unread(reason: SignatureReason, candidate: Candidate): CandidateVerdict {
  const { layer } = candidate
  const detail =
    reason === 'blob-missing'
      ? `the repository does not have layer ${layer.digest}`
      : `layer ${layer.digest} has ${layer.size} bytes, more than is read of a candidate`
  return unverified('unknown', { reason, detail }, isLikelySignature(candidate))
}

/** A layer that a tag named before counts for a day. What is over already is no time to come back at. */
function within(verdict: CandidateVerdict, { goneAt }: Candidate, now: number): CandidateVerdict {
  const lookAt = verdict.reason === 'blob-missing' ? now + lookAgainMs : Infinity
  const end = Math.min(verdict.validUntil ?? Infinity, goneAt ?? Infinity, lookAt)
  const { validUntil: _, ...others } = verdict
  if (end === Infinity) return others
  if (end > now) return { ...others, validUntil: end }
  return verdict.result === 'verified' ? { ...others, result: 'unknown', reason: 'stale' } : others
}
