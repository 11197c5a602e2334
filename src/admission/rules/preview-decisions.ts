// Purpose:  what would a policy make of an image, and what do those in force make of it?
// Spec:     our own; docs/admission.md.
// Input:    what is known of the image, the draft, and the policies in force.
// Deviates: nothing.
// Unknowns: as in decide.ts.
import type { AdmissionPolicy } from './admission-policy.ts'
import { decide, type Decision } from './decide.ts'
import type { DecisionContext, Evidence, ImageFacts } from './evidence.ts'
import type { Reason } from './reason.ts'

export interface PreviewLens {
  /** As if it were enforced. */
  readonly draft: AdmissionPolicy
  readonly stored: readonly AdmissionPolicy[]
  readonly context: DecisionContext
  /** What holds with the policies in force where none is about the image. */
  readonly withoutPolicy: DecisionContext['withoutPolicy']
  readonly now: number
}

export interface PreviewedDecisions {
  /** By what is in force now. */
  readonly now: Decision['decision']
  readonly would: Decision['decision']
  /** Of the policy alone. */
  readonly reasons: readonly Pick<Reason, 'code' | 'outcome' | 'message' | 'rule'>[]
}

export function previewDecisions(
  { image, evidence }: { readonly image: ImageFacts; readonly evidence: Evidence },
  { draft, stored, context, withoutPolicy, now }: PreviewLens,
): PreviewedDecisions {
  const platforms = evidence.platforms.flatMap(({ platform }) => platform ?? [])
  const judge = (
    policies: readonly AdmissionPolicy[],
    means: DecisionContext['withoutPolicy'],
  ): Decision =>
    decide(
      { image, evidence, policies, context: { ...context, platforms, withoutPolicy: means } },
      now,
    )
  const alone = judge([draft], 'allow')
  return {
    now: judge(stored, withoutPolicy).decision,
    would: alone.decision,
    reasons: alone.reasons
      .filter(({ outcome }) => outcome !== 'info')
      .map(({ code, outcome, message, rule }) => ({
        code,
        outcome,
        message,
        ...(rule === undefined ? {} : { rule }),
      })),
  }
}
