// Purpose:  write a decision as templates and other programs read it.
// Spec:     signing reference 6.5; the members of Ratify 1 (isSuccess, verifierReports) and Ratify 2 (succeeded, artifactReports).
// Input:    a decision, with what it was made from.
// Deviates: nothing.
// Unknowns: only an image that may be used has `succeeded`: what cannot be told is denied, or warned of, as the policy says.
import type { Decision } from './decide.ts'
import type { Evidence } from './evidence.ts'
import type { Reason } from './reason.ts'

export interface DecisionValue {
  readonly version: '1.0.0'
  readonly isSuccess: boolean
  readonly succeeded: boolean
  readonly decision: Decision['decision']
  readonly basis: Decision['basis']
  /** As asked. */
  readonly image: string
  readonly digest?: string
  readonly reasons: readonly {
    readonly code: string
    readonly outcome: string
    readonly message: string
    readonly policy?: string
    readonly fix?: string
  }[]
  readonly verifierReports: readonly unknown[]
  readonly artifactReports: readonly unknown[]
  /** The first moment at which it could be another one by itself. */
  readonly until?: string
  readonly evaluatedAt: string
  readonly traceId: string
}

/** An image may have thousands of findings: the first of each outcome are told, and how many there are. */
const maxReasons = 20

export function decisionValue(
  { decision, basis, reasons, until }: Decision,
  of: {
    readonly image: string
    readonly repository: string
    readonly digest: string | undefined
    readonly evidence: Pick<Evidence, 'signatures'>
    /** Milliseconds. */
    readonly now: number
    readonly traceId: string
  },
): DecisionValue {
  const isGood = decision !== 'deny'
  const subject = `${of.repository}@${of.digest ?? 'unknown'}`
  const signatures = Object.entries(of.evidence.signatures)
  return {
    version: '1.0.0',
    isSuccess: isGood,
    succeeded: isGood,
    decision,
    basis,
    image: of.image,
    ...(of.digest === undefined ? {} : { digest: of.digest }),
    reasons: toldReasons(reasons),
    verifierReports: signatures.map(([name, { result, reason, detail }]) => ({
      subject,
      isSuccess: result === 'verified',
      name,
      type: 'trust-policy',
      message: reason ?? result,
      ...(detail === undefined ? {} : { extensions: { detail } }),
    })),
    artifactReports: signatures.map(([name, { result, reason }]) => ({
      subject,
      artifact: of.digest ?? 'unknown',
      results: [
        {
          verifierName: name,
          ...(result === 'verified' ? {} : { errorReason: reason ?? result }),
        },
      ],
    })),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    evaluatedAt: new Date(of.now).toISOString(),
    traceId: of.traceId,
  }
}

function toldReasons(reasons: readonly Reason[]): DecisionValue['reasons'] {
  const order = ['deny', 'warn', 'info']
  const sorted = reasons.toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))
  const told = sorted.slice(0, maxReasons).map(({ code, outcome, message, policy, remedy }) => ({
    code,
    outcome,
    message,
    ...(policy === undefined ? {} : { policy }),
    ...(remedy === undefined ? {} : { fix: remedy.command ?? remedy.text }),
  }))
  const more = reasons.length - told.length
  const [next] = sorted.slice(maxReasons)
  if (next === undefined) return told
  return [...told, { code: 'more', outcome: next.outcome, message: `and ${more} more reasons` }]
}
