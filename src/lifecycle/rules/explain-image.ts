// Purpose:  what each rule of a policy makes of one image, and which of them decides.
// Spec:     Amazon ECR User Guide, "How lifecycle policies work".
// Input:    a parsed policy, all images of a repository, the digest of one.
// Deviates: nothing.
// Unknowns: an image that is not there → undefined.
import { evaluateLifecycle, type EvaluateOptions } from './evaluate-lifecycle.ts'
import type { LifecycleImage } from './lifecycle-image.ts'
import type { LifecyclePolicy } from './lifecycle-policy.ts'
import { verdictText } from './reason-text.ts'

export interface RuleExplanation {
  readonly rule: number
  readonly description?: string
  /** Whether the rule is about the image. */
  readonly matches: boolean
  /** Whether it would act if it were the only rule. */
  readonly acts: boolean
  readonly why: string
}

export interface ImageExplanation {
  readonly digest: string
  readonly tags: readonly string[]
  readonly storageClass: string
  readonly outcome: 'expire' | 'archive' | 'keep'
  /** The rule that decides; absent where none is about the image. */
  readonly rule?: number
  readonly why: string
  readonly rules: readonly RuleExplanation[]
}

export function explainImage(
  policy: LifecyclePolicy,
  images: readonly LifecycleImage[],
  digest: string,
  options: EvaluateOptions,
): ImageExplanation | undefined {
  const decision = evaluateLifecycle(policy, images, options).find(
    ({ image }) => image.digest === digest,
  )
  if (decision === undefined) return undefined
  const { image, verdict } = decision
  return {
    digest,
    tags: image.tags,
    storageClass: image.storageClass,
    outcome: verdict.kind === 'act' ? verdict.action : 'keep',
    ...(verdict.rule === undefined ? {} : { rule: verdict.rule }),
    why: verdictText(verdict, options.now),
    rules: policy.rules.flatMap((rule) => {
      const alone = evaluateLifecycle({ rules: [rule] }, images, options).find(
        (one) => one.image.digest === digest,
      )
      if (alone === undefined) return []
      const { description } = rule
      return [
        {
          rule: rule.priority,
          ...(description === undefined ? {} : { description }),
          matches: alone.verdict.rule !== undefined,
          acts: alone.verdict.kind === 'act',
          why: verdictText(alone.verdict, options.now),
        },
      ]
    }),
  }
}
