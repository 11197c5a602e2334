// What a verifier is given and what it answers: the port between what is stored and the judgement of signatures.
import type { Digest } from '../../oci/digest.ts'
import type { SignatureReason, SignatureVerdict } from '../../signatures/outcome.ts'
import type { SignatureFormat } from './candidate.ts'
import type { TrustMaterial } from './trust-material.ts'
import type { AcceptEntry } from './trust-policy.ts'

/** What is signed, as the registry has it. */
export interface SignedSubject {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** The repository's name, for signatures that name one. */
  readonly repository: string
}

export interface VerifierInput {
  readonly candidate: {
    readonly format: SignatureFormat
    readonly content: Uint8Array
    /** Of the layer. */
    readonly annotations: Readonly<Record<string, string>>
    /** What the manifest says the statement is about; nobody signed that. */
    readonly predicateTypeHint?: string
    /** When the registry saw it first, in milliseconds: of a signature without a time of its own nothing else is known. */
    readonly seenAt: number
  }
  readonly subject: SignedSubject
  readonly entry: AcceptEntry
  readonly material: TrustMaterial
  /** Milliseconds. */
  readonly now: number
}

/** A statement that was signed, where the signature is sound. */
export interface SignedStatement {
  readonly predicateType: string
  /** SHA-256 of the predicate, in hex. */
  readonly predicateDigest: string
  /** Of SLSA provenance who built it and from where; of others what is worth telling. Short texts. */
  readonly extracted: Readonly<Record<string, string>>
}

export interface CandidateVerdict extends SignatureVerdict {
  readonly statement?: SignedStatement
  /** False for a statement that is no signature of the image by itself: an SBOM, provenance, a scan report. */
  readonly isSignature: boolean
  /** The root by which it was found, where one was. */
  readonly rootHash?: string
}

/** What the verification of one subject may still cost those who do it aside. */
export interface SubjectTime {
  /** Milliseconds. */
  left(): number
  spend(ms: number): void
}

export interface VerifierOptions {
  readonly signal: AbortSignal
  readonly time: SubjectTime
}

export type Verifier = (
  input: VerifierInput,
  options: VerifierOptions,
) => CandidateVerdict | Promise<CandidateVerdict>

/** Of what no verifier judged: the one check that says why. */
export function unverified(
  result: 'untrusted' | 'unknown',
  { reason, detail, check = 'candidate' }: UnverifiedBecause,
  isSignature: boolean,
): CandidateVerdict {
  const outcome = result === 'unknown' ? 'unknown' : 'fail'
  const checks = [{ check, outcome, action: 'enforce', reason, detail }] as const
  return { result, reason, checks, isSignature }
}

interface UnverifiedBecause {
  readonly reason: SignatureReason
  readonly detail: string
  readonly check?: string
}

export function subjectTime(ms: number): SubjectTime {
  let left = ms
  return {
    left: () => left,
    spend(spent) {
      left -= spent
    },
  }
}
