// What a decision is made from. Everything may be unknown, and unknown is a value of its own: it is never taken for good.
// All times are milliseconds since the epoch.
import type { SignatureCheck, SignatureVerdict } from '../../signatures/outcome.ts'

/** The worst first; nobody rated those that are UNDEFINED. */
export const severityWords = [
  'CRITICAL',
  'HIGH',
  'MEDIUM',
  'LOW',
  'INFORMATIONAL',
  'UNDEFINED',
] as const
export type SeverityWord = (typeof severityWords)[number]

export interface ImageFacts {
  /** `other`: an image of a registry that is not this one, of which nothing is looked up. `absent`: of this one, and not there. */
  readonly origin:
    { readonly kind: 'own' | 'absent' } | { readonly kind: 'other'; readonly host: string }
  readonly repository: string
  readonly digest?: string
  /** A tag may move after the decision. */
  readonly named:
    | { readonly kind: 'digest' }
    | {
        readonly kind: 'tag'
        readonly tag: string
        readonly mutability: 'immutable' | 'mutable' | 'unknown'
      }
  /** When it was built. `unsaid`: its config does not say. */
  readonly created:
    { readonly kind: 'known'; readonly at: number } | { readonly kind: 'unsaid' | 'unknown' }
  readonly pushedAt?: number
}

export type Door = 'pull' | 'admission' | 'gatekeeper' | 'gate' | 'ui'

export interface DecisionContext {
  readonly door: Door
  readonly cluster?: string
  readonly namespace?: string
  /** Of an index only these are judged; absent: all of them. */
  readonly platforms?: readonly string[]
  /** What holds where no policy is about the image. */
  readonly withoutPolicy: 'allow' | 'deny'
  readonly breakGlass?: BreakGlass
}

/** Somebody takes it on themselves, for a while. The caller has made sure that they may, and records each use. */
export interface BreakGlass {
  readonly by: string
  readonly reason: string
  /** Exclusive. */
  readonly until: number
}

export interface Evidence {
  /** Of an index each platform; of an image one without a name. */
  readonly platforms: readonly PlatformEvidence[]
  /** By name of the trust policy; one that is not here was not verified. */
  readonly signatures: Readonly<Record<string, SignatureEvidence>>
  readonly provenance: ProvenanceEvidence
}

export interface PlatformEvidence {
  readonly platform?: string
  readonly digest?: string
  readonly scan: ScanFacts
}

/** `why` is the source's own sentence; findings are those that it tells all the same. */
export type ScanFacts =
  | { readonly kind: 'not-scanned' }
  | { readonly kind: 'running'; readonly why: string }
  | {
      readonly kind: 'failed' | 'unsupported' | 'partial' | 'stale'
      readonly why: string
      readonly findings: readonly FindingFacts[]
      readonly dataAt?: number
    }
  | {
      readonly kind: 'scanned'
      readonly findings: readonly FindingFacts[]
      /** Of the vulnerability data; absent where the source does not say. */
      readonly dataAt?: number
      /** What the answer does not speak about, in a scan that is whole. */
      readonly note?: string
    }

export interface FindingFacts {
  readonly vulnerability: string
  readonly aliases: readonly string[]
  readonly severity: SeverityWord
  /** Likelihood of exploitation, 0 to 1. `unscored`: the source has EPSS and it does not rate the flaw. `unknown`: the source cannot tell. */
  readonly epss:
    { readonly kind: 'scored'; readonly score: number } | { readonly kind: 'unscored' | 'unknown' }
  /** Whether CISA lists it as exploited. */
  readonly kev: 'listed' | 'unlisted' | 'unknown'
  readonly fix:
    { readonly kind: 'available'; readonly version: string } | { readonly kind: 'none' | 'unknown' }
  /** Since when the source could tell of it in this image. */
  readonly firstKnown:
    { readonly kind: 'known'; readonly at: number } | { readonly kind: 'unknown' }
  /** Held against another image; absent where nobody did. */
  readonly novelty?: 'new' | 'old' | 'unknown'
  readonly package: FindingPackage
  readonly path?: string
}

export interface FindingPackage {
  readonly name: string
  readonly version: string
  /** purl type, where the source tells it. */
  readonly type?: string
  /** The whole package URL, where the source tells enough for one. */
  readonly purl?: string
}

/** What was made of all signatures of the digest under one trust policy. When its end has come it is unknown. */
export interface SignatureEvidence extends Pick<
  SignatureVerdict,
  'result' | 'reason' | 'validUntil'
> {
  /** A sentence: what was found and what was wanted. */
  readonly detail?: string
  /** Of the signature that counts. */
  readonly checks?: readonly SignatureCheck[]
}

export type ProvenanceEvidence =
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'known'; readonly attestations: readonly ProvenanceFacts[] }

/** One attestation that says where the image comes from. */
export interface ProvenanceFacts extends Pick<
  SignatureEvidence,
  'result' | 'reason' | 'validUntil'
> {
  readonly builder?: string
  readonly source?: string
}
