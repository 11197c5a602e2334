// Purpose:  whether a count decided at one moment still holds after what others changed since.
// Spec:     Amazon ECR User Guide, lifecycle policy parameters: imageCountMoreThan; Pratique's design section 7: each decision is
//           checked again in the transaction that carries it out.
// Input:    the images as they were counted, and as they are now those that changed since.
// Deviates: nothing.
// Unknowns: where it cannot be told, the count does not hold, and is made anew.
import { youngerFirst, type LifecycleImage } from './lifecycle-image.ts'
import type { LifecyclePolicy, LifecycleRule } from './lifecycle-policy.ts'
import { selectionTest, type ImageTest } from './tag-selection.ts'
import { isJudged } from './evaluate-lifecycle.ts'

interface CountedRule {
  readonly keep: number
  readonly test: ImageTest
  /** From 1, youngest first. */
  readonly positions: ReadonlyMap<string, number>
}

/** Positions of all images in the counts of a policy, by the rule's priority. */
export type CountPlan = ReadonlyMap<number, CountedRule>

/** `youngestFirst`: all images, in that order. */
export function planCounts(
  policy: LifecyclePolicy,
  youngestFirst: readonly LifecycleImage[],
): CountPlan {
  const present = new Set(youngestFirst.map(({ digest }) => digest))
  const judged = youngestFirst.filter((image) => isJudged(image, (digest) => present.has(digest)))
  return new Map(
    policy.rules.flatMap((rule) => {
      const counted = countedRule(rule, judged)
      return counted === undefined ? [] : [[rule.priority, counted] as const]
    }),
  )
}

function countedRule(
  { count, selection }: LifecycleRule,
  judged: readonly LifecycleImage[],
): CountedRule | undefined {
  if (count.kind !== 'more-than') return undefined
  const test = selectionTest(selection)
  const digests = judged.filter(test).map(({ digest }) => digest)
  return {
    keep: count.keep,
    test,
    positions: new Map(digests.map((digest, at) => [digest, at + 1])),
  }
}

/** An image that changed, as it is now; undefined: it is gone. */
export type ChangedImages = ReadonlyMap<
  string,
  (LifecycleImage & { readonly isSubjectThere: boolean }) | undefined
>

/**
 * Whether at least as many images as the rule keeps are younger than this one, and still the rule's. What this run itself deleted
 * is counted as if it were there: a rule counts what other rules take.
 */
export function countStillHolds(
  plan: CountPlan,
  rule: number,
  image: LifecycleImage,
  changed: ChangedImages,
): boolean {
  const counted = plan.get(rule)
  const position = counted?.positions.get(image.digest)
  if (counted === undefined || position === undefined) return false
  let younger = position - 1
  for (const [digest, now] of changed) {
    if (digest === image.digest) continue
    const before = counted.positions.get(digest)
    const wasYounger = before !== undefined && before < position
    const isYounger = now !== undefined && isCounted(counted, now) && youngerFirst(now, image) < 0
    younger += Number(isYounger) - Number(wasYounger)
  }
  return younger >= counted.keep
}

function isCounted(
  { test }: CountedRule,
  image: LifecycleImage & { readonly isSubjectThere: boolean },
): boolean {
  return test(image) && isJudged(image, () => image.isSubjectThere)
}
