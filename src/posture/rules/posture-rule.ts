import type { PostureEvidence } from './evidence.ts'

/** The worst first. */
export const postureSeverities = ['critical', 'high', 'medium', 'low', 'info'] as const
export type PostureSeverity = (typeof postureSeverities)[number]

export const equivalentTools = [
  'Prowler',
  'Security Hub',
  'Checkov',
  'Trivy',
  'KICS',
  'Cloud Custodian',
] as const

export interface PostureRule {
  readonly id: string
  readonly title: string
  readonly severity: PostureSeverity
  /** What may happen where it fails. */
  readonly why: string
  /** Rights by which the evidence is read. */
  readonly evidence: readonly string[]
  readonly judge: (evidence: PostureEvidence) => Judgement
  /** A command that mends it; `{name}` stands for what the resource says of itself. */
  readonly remedy: string
  readonly equivalents: readonly {
    readonly tool: (typeof equivalentTools)[number]
    readonly id: string
  }[]
  readonly references: readonly string[]
}

export type Judgement =
  | { readonly kind: 'judged'; readonly seen: readonly Seen[] }
  | { readonly kind: 'unknown'; readonly why: string; readonly action?: string }
  | { readonly kind: 'not-applicable'; readonly why: string }

/** What was seen of one resource. */
export interface Seen {
  readonly outcome: 'pass' | 'fail' | 'unknown'
  /** As reports call it: `team/app`, `team/app:1.0`. */
  readonly resource: string
  readonly words: string
  /** Where it is not the rule's own. */
  readonly severity?: PostureSeverity
  /** The right that was missing. */
  readonly action?: string
  /** Where it is not the rule's own. */
  readonly remedy?: string
  /** For the remedy, by placeholder. */
  readonly values: Readonly<Record<string, string>>
}
