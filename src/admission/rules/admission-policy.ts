// An admission policy as it is judged, after reading. Durations are milliseconds.
import type { SignatureResult } from '../../signatures/outcome.ts'
import type { RulePackage } from '../../vex/suppression-rules.ts'
import type { Door } from './evidence.ts'
import type { Justification } from './justification.ts'
import type { ReasonCode } from './reason.ts'

export interface AdmissionPolicy {
  readonly name: string
  /** `warn`: it is judged and told, and denies nothing. */
  readonly mode: 'enforce' | 'warn' | 'off'
  /** One of them must be met; none: it is about everything. */
  readonly scopes: readonly PolicyScope[]
  readonly rules: readonly PolicyRule[]
  readonly require: Requirements
  /** What cannot be told means this. */
  readonly unknown: Consequence
  /** What an image of another registry means; `warn` where the policy does not say. */
  readonly otherRegistries: 'allow' | 'warn' | 'deny'
  readonly exempt: readonly Exemption[]
}

export type Consequence = 'fail' | 'warn' | 'allow'

/** Members that are absent are met by everything. Texts are patterns. */
export interface PolicyScope {
  readonly doors?: readonly Door[]
  readonly cluster?: string
  readonly namespace?: string
  readonly repository?: string
}

export interface PolicyRule {
  readonly id: string
  readonly outcome: 'fail' | 'warn'
  readonly when: FindingCondition
}

export const thresholds = ['critical', 'high', 'medium', 'low', 'any'] as const
export type Threshold = (typeof thresholds)[number]

/** A finding that meets all members that are there. */
export interface FindingCondition {
  /** That severity or a worse one. */
  readonly severity?: Threshold
  /** Whether one that nobody rated meets a severity; it does unless the rule says otherwise. */
  readonly undefinedSeverity?: 'fail' | 'allow'
  readonly fixable?: boolean
  readonly kev?: boolean
  /** That likelihood or a higher one. */
  readonly epss?: number
  /** Known for longer than that. */
  readonly graceMs?: number
  /** Only what an earlier image did not have; set by who has such an image, not by documents. */
  readonly isNew?: true
}

export interface Requirements {
  readonly signature?: {
    readonly trust: string
    /** Results that are told and deny nothing. */
    readonly warn: readonly SignatureResult[]
  }
  /** Patterns over the builder's and the source's addresses. */
  readonly provenance?: { readonly builder: string; readonly source?: string }
  readonly maxDataAgeMs?: number
  readonly maxImageAgeMs?: number
  readonly tagMutability?: 'immutable'
  /** The image must be named by its digest. */
  readonly digest?: true
}

export interface Exemption {
  readonly match: ExemptionMatch
  readonly owner: string
  readonly reason: string
  /** OpenVEX's words for why a flaw does not matter. */
  readonly justification?: Justification
  /** As written. */
  readonly until: string
  /** The first moment at which it has no effect any more. */
  readonly endsAt: number
  /** Its place in the list, from 1. */
  readonly number: number
}

export interface ExemptionMatch {
  /** In capitals; `*`: of whatever flaw. */
  readonly vulnerabilities: readonly string[]
  /** `*`: each one that an exemption may have without naming it. */
  readonly codes: readonly (ReasonCode | '*')[]
  readonly package?: RulePackage
  readonly repository?: string
  readonly namespace?: string
}
