// What the posture is judged from. Each part is told or not, and what is not told is never taken for good.
// All times are milliseconds since the epoch.
import type { AdmissionPolicy } from '../../admission/rules/admission-policy.ts'
import type { ClusterSettings } from '../../admission/rules/cluster-settings.ts'
import type { FindingFacts, SeverityWord } from '../../admission/rules/evidence.ts'

/** `action`: the right that was missing. `not-applicable`: the source has no such thing at all. */
export type Told<T> =
  | { readonly kind: 'told'; readonly value: T }
  | { readonly kind: 'unknown'; readonly why: string; readonly action?: string }
  | { readonly kind: 'not-applicable'; readonly why: string }

export interface PostureEvidence {
  readonly now: number
  readonly account: Told<string>
  readonly expectations: Expectations
  readonly repositories: Told<readonly RepositoryEvidence[]>
  readonly pullThrough: Told<readonly PullThroughEvidence[]>
  readonly replication: Told<readonly ReplicationEvidence[]>
  /** Patterns of repositories whose pushes are signed as they arrive. */
  readonly signing: Told<readonly string[]>
  readonly admission: Told<AdmissionEvidence>
  readonly exemptions: Told<readonly ExemptionEvidence[]>
  readonly data: Told<DataEvidence>
  readonly principals: Told<readonly PrincipalEvidence[]>
  readonly accessKeys: Told<readonly AccessKeyEvidence[]>
  readonly rootKeys: Told<boolean>
  /** When root last did something; undefined where it did nothing in the time that was looked at. */
  readonly rootUse: Told<number | undefined>
  /** The address that clients use. */
  readonly address: Told<string>
  readonly lastBackup: Told<number | undefined>
  readonly chain: Told<{ readonly isIntact: boolean; readonly words: string }>
  readonly lastLogExport: Told<number | undefined>
}

/** What the installation asks of itself; where it says nothing, rules that need it do not apply. */
export interface Expectations {
  /** Other accounts that may be granted something. */
  readonly accounts: readonly string[]
  readonly production: readonly string[]
  readonly protected: readonly string[]
  readonly ci: readonly string[]
  readonly requiredTags: readonly string[]
  readonly customerKeys: readonly string[]
  readonly upstreams: readonly string[]
  /** Tags that are releases. */
  readonly released: readonly string[]
  readonly threshold: SeverityWord
  readonly graceMs: number
}

export type Mutability =
  'MUTABLE' | 'IMMUTABLE' | 'IMMUTABLE_WITH_EXCLUSION' | 'MUTABLE_WITH_EXCLUSION' | 'unknown'

export interface RepositoryEvidence {
  readonly name: string
  readonly arn: string
  readonly mutability: Mutability
  readonly exclusions: readonly string[]
  /** Undefined for a key of the service's own. */
  readonly customerKey: Told<string | undefined>
  readonly scanFrequency: Told<'CONTINUOUS_SCAN' | 'SCAN_ON_PUSH' | 'MANUAL'>
  /** Texts; undefined where there is none. */
  readonly lifecycle: Told<string | undefined>
  readonly policy: Told<string | undefined>
  readonly tags: Told<readonly string[]>
  readonly images: Told<readonly ImageEvidence[]>
}

export interface ImageEvidence {
  readonly digest: string
  readonly tags: readonly string[]
  readonly pushedAt: number | undefined
  readonly lastPulledAt: number | undefined
  readonly sizeBytes: number
  /** The newest one that a tag names. */
  readonly isLatest: boolean
  readonly scans: Told<readonly ScanEvidence[]>
  readonly configurations: Told<readonly ConfigurationEvidence[]>
  readonly layers: Told<LayerSecretEvidence>
  readonly signatures: Told<ClaimedSignatures>
}

/** What the scanner found in layers; the secrets themselves are nowhere. */
export interface LayerSecretEvidence {
  readonly secrets: readonly { readonly kind: string; readonly place: string }[]
  /** Layers that were not read: nothing is known of them. */
  readonly unread: number
}

/** Artifacts that say that they are its signatures, and whether one of a trusted identity is among them. */
export interface ClaimedSignatures {
  readonly count: number
  readonly isTrusted: Told<boolean>
  readonly term: Told<SignatureTerm>
}

/** `none`: nothing of it counts, for a reason that is no matter of time. */
export type SignatureTerm =
  | { readonly kind: 'lasts' | 'revoked' | 'none' }
  /** `at`: of the last that counts; what has ended is in the past. Undefined: it has ended, and when is not known. */
  | { readonly kind: 'ends'; readonly at: number | undefined }

/** Of a platform of an index, or of the image. */
export interface ScanEvidence {
  readonly platform: string | undefined
  readonly kind: 'scanned' | 'running' | 'never' | 'incomplete'
  readonly findings: readonly FindingEvidence[]
  /** What the source says beside its findings, or why there is no whole scan. */
  readonly words: string | undefined
}

export interface FindingEvidence extends Pick<FindingFacts, 'kev' | 'fix' | 'firstKnown'> {
  readonly vulnerability: string
  readonly severity: SeverityWord
  readonly packageName: string
  readonly packageVersion: string
  /** `debian-12`, where the source names the release that a package is of. */
  readonly release: string | undefined
}

/** Of an image's configuration what is judged. */
export interface ConfigurationEvidence {
  readonly platform: string | undefined
  readonly os: string
  readonly user: string
  /** Where something that looks like a secret stands, and what it looks like; the secret itself is left out. */
  readonly secrets: readonly string[]
}

export interface PullThroughEvidence {
  readonly prefix: string
  readonly upstream: string
  /** Undefined where the upstream asks for no credentials. */
  readonly credentials: Told<{ readonly isValid: boolean; readonly words: string }> | undefined
}

export interface ReplicationEvidence {
  readonly account: string
  readonly region: string
}

/** Who asks whether an image may start, and by which policies they are answered. */
export interface AdmissionEvidence {
  readonly clusters: readonly ClusterEvidence[]
  readonly policies: readonly Pick<AdmissionPolicy, 'name' | 'mode' | 'scopes'>[]
}

export interface ClusterEvidence extends Pick<ClusterSettings, 'withoutPolicy' | 'bindings'> {
  readonly name: string
  readonly hasAsked: boolean
}

export interface ExemptionEvidence {
  readonly name: string
  readonly owner: string
  /** Exclusive. */
  readonly until: number | undefined
}

export interface DataEvidence {
  readonly updatedAt: number | undefined
  readonly failing: readonly { readonly feed: string; readonly words: string }[]
}

export interface PrincipalEvidence {
  readonly kind: 'user' | 'group' | 'role'
  readonly name: string
  readonly arn: string
  readonly policies: readonly { readonly name: string; readonly text: string }[]
  /** Of managed policies whose text was not read. */
  readonly managed: readonly string[]
  /** Of a role. */
  readonly trust: string | undefined
}

export interface AccessKeyEvidence {
  readonly user: string
  readonly id: string
  readonly isActive: boolean
  readonly createdAt: number | undefined
  readonly lastUsedAt: Told<number | undefined>
}
