// What is told, before any form of it.
import type { Severity } from '../../ecosystems/severity.ts'

/** What a sink may ask for; docs/notifications.md has what each is in the forms of messages. */
export const noticeKinds = [
  'image',
  'referrer',
  'artifact',
  'scan',
  'inspector-scan',
  'scan-frequency',
  'finding',
  'trust',
  'running',
  'posture',
] as const
export type NoticeKind = (typeof noticeKinds)[number]

export const findingChanges = ['NEW', 'CHANGED', 'CLOSED'] as const
export type FindingChange = (typeof findingChanges)[number]

export type Counts = Readonly<Partial<Record<Severity, number>>>

/** A manifest that was pushed or deleted, under one tag or none. */
export interface ImageNotice {
  readonly kind: 'image' | 'referrer' | 'artifact'
  readonly action: 'PUSH' | 'DELETE'
  readonly repository: string
  readonly digest: string
  readonly tag?: string
  readonly mediaType?: string
  readonly artifactType?: string
  /** What a referrer refers to. */
  readonly subject?: string
}

export interface ScanNotice {
  readonly kind: 'scan' | 'inspector-scan'
  readonly repository: string
  readonly digest: string
  readonly tags: readonly string[]
  readonly status: string
  /** Why it is not COMPLETE. */
  readonly reason?: string
  readonly counts: Counts
}

export interface ScanFrequencyNotice {
  readonly kind: 'scan-frequency'
  readonly scanType: string
  readonly repositories: readonly {
    readonly name: string
    readonly frequency: string
    readonly previous: string
  }[]
}

/** One flaw of one package of one image. */
export interface FindingNotice {
  readonly kind: 'finding'
  readonly change: FindingChange
  readonly repository: string
  readonly digest: string
  readonly tags: readonly string[]
  readonly severity: Severity
  /** Where it was another before the change. */
  readonly previousSeverity?: Severity
  readonly vulnerability: string
  readonly package: { readonly name: string; readonly version: string }
  readonly fixedVersion?: string
  /** Known to be exploited. */
  readonly isKev: boolean
  /** EPSS score, where one is known. */
  readonly epss?: number
  readonly summary?: string
  readonly url: string
  /** As ListFindings of Inspector tells it. */
  readonly record: unknown
}

/** An image whose signatures satisfy a trust policy now, or do not any more. */
export interface TrustNotice {
  readonly kind: 'trust'
  readonly change: 'VERIFIED' | 'LOST'
  readonly repository: string
  readonly digest: string
  /** Name of the trust policy. */
  readonly policy: string
  readonly result: string
  /** Why it is not verified. */
  readonly reason?: string
  /** Who signed; of lost trust, whose signatures had counted. */
  readonly identities: readonly string[]
}

/** An image runs that admission policies let run, and that they would not let run now. */
export interface RunningNotice {
  readonly kind: 'running'
  readonly repository: string
  readonly digest: string
  readonly clusters: readonly { readonly cluster: string; readonly namespaces: readonly string[] }[]
  /** `base@3` */
  readonly policies: readonly string[]
  /** Sentences; names in them come from images. */
  readonly reasons: readonly string[]
}

export const postureSeverities = ['critical', 'high', 'medium', 'low', 'info'] as const

/** A rule of the audit that began to fail, or fails more places than before; or that was mended. */
export interface PostureNotice {
  readonly kind: 'posture'
  readonly change: 'FAILING' | 'MENDED'
  /** `REG-006`. */
  readonly rule: string
  readonly title: string
  readonly severity: (typeof postureSeverities)[number]
  /** What may happen where it fails. */
  readonly why: string
  /** What began to fail, the first few. */
  readonly resources: readonly {
    readonly resource: string
    readonly words: string
    /** A command that mends it. */
    readonly remedy?: string
  }[]
  /** How many began to fail. */
  readonly count: number
  /** The score, where one could be told. */
  readonly points?: number
}

/** A flaw with how many messages were about it. */
export interface DigestFlaw {
  readonly vulnerability: string
  readonly severity: Severity
  readonly isKev: boolean
  readonly isFixable: boolean
  readonly url: string
  readonly findings: number
  /** One of the images, for whoever wants to look. */
  readonly example: {
    readonly repository: string
    readonly digest: string
    readonly package: string
  }
}

export interface DigestSummary {
  /** ISO 8601: of the first and the last of them. */
  readonly from: string
  readonly to: string
  readonly messages: number
  readonly byKind: Readonly<Partial<Record<NoticeKind, number>>>
  readonly findings: Readonly<Record<FindingChange, number>>
  /** Of new and changed findings. */
  readonly bySeverity: Counts
  /** New and changed ones, the worst first, 100 at most; what fell out and came back counts from there on. */
  readonly worst: readonly DigestFlaw[]
  /** Why it is a digest: the sink asked for it, or there were too many at once, or too many wait. */
  readonly because: readonly DigestCause[]
}

export type DigestCause = 'asked' | 'storm' | 'backlog'

export interface DigestNotice {
  readonly kind: 'digest'
  readonly summary: DigestSummary
}

export interface TestNotice {
  readonly kind: 'test'
  readonly sink: string
}

export type NoticeBody =
  | ImageNotice
  | ScanNotice
  | ScanFrequencyNotice
  | FindingNotice
  | TrustNotice
  | RunningNotice
  | PostureNotice
  | DigestNotice
  | TestNotice

const ownKinds = ['trust', 'running', 'posture', 'digest', 'test'] as const
/** What AWS has no word for. */
export type OwnBody = Extract<NoticeBody, { kind: (typeof ownKinds)[number] }>

export function isOwnBody(body: NoticeBody): body is OwnBody {
  return ownKinds.some((kind) => kind === body.kind)
}

export interface Notice {
  /** The same whenever it is sent. */
  readonly id: string
  readonly account: string
  readonly region: string
  /** ISO 8601, when it happened. */
  readonly at: string
  readonly body: NoticeBody
}

/** Messages with the same key reach a sink one after another. */
export function orderKeyOf(body: NoticeBody): string {
  if (body.kind === 'posture') return `posture ${body.rule}`
  return 'digest' in body ? `${body.repository}@${body.digest}` : body.kind
}
