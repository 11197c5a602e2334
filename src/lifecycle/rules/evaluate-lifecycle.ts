// Purpose:  what a lifecycle policy does with each image of a repository, and why.
// Spec:     Amazon ECR User Guide, "How lifecycle policies work", its evaluation rules and examples.
// Input:    a parsed policy, facts of all images of one repository, the moment to judge at.
// Deviates: images of one push time are ordered by digest; a child without a tag of its own and a referrer whose subject is there are
//           not judged and not counted; a referrer whose subject is gone is judged as any other image.
// Unknowns: a rule that needs a date that is not known keeps the image: `date-unknown`.
import {
  guardTest,
  type GuardReason,
  type GuardTest,
  type LifecycleGuard,
} from './lifecycle-guard.ts'
import { youngerFirst, type LifecycleImage } from './lifecycle-image.ts'
import {
  dayMs,
  type LifecycleAction,
  type LifecycleCount,
  type LifecyclePolicy,
  type LifecycleRule,
} from './lifecycle-policy.ts'
import { selectionTest, type ImageTest } from './tag-selection.ts'

/** The date by which an age was counted. */
export type AgeBasis = 'pushed' | 'pulled' | 'restored' | 'archived'

export type ActReason =
  /** `position`: among the images of the rule, youngest first, from 1. */
  | { readonly kind: 'beyond-count'; readonly position: number; readonly keep: number }
  | {
      readonly kind: 'too-old'
      readonly basis: AgeBasis
      readonly since: number
      readonly days: number
    }

export type KeepReason =
  | { readonly kind: 'no-rule' }
  | { readonly kind: 'within-count'; readonly position: number; readonly keep: number }
  /** Nothing is done before `dueAt`. */
  | {
      readonly kind: 'not-old-enough'
      readonly basis: AgeBasis
      readonly since: number
      readonly dueAt: number
    }
  | { readonly kind: 'date-unknown'; readonly basis: AgeBasis }
  | { readonly kind: 'held-by-index'; readonly index: string }
  | { readonly kind: 'follows-subject'; readonly subject: string }
  /** Archived images stay for as many days at least. */
  | { readonly kind: 'archive-minimum'; readonly dueAt: number }
  /** Only images are archived, not what refers to one and not other artifacts. */
  | { readonly kind: 'not-archivable' }
  | ({ readonly kind: 'guarded' } & GuardReason)

export type Verdict =
  | {
      readonly kind: 'act'
      readonly action: LifecycleAction
      /** Priority of the rule. */
      readonly rule: number
      readonly reason: ActReason
    }
  | {
      readonly kind: 'keep'
      /** Priority of the rule whose image it is; absent where no rule is about it. */
      readonly rule?: number
      readonly reason: KeepReason
      /** Priority of a lower rule that would have acted, had not `rule` claimed the image. */
      readonly claimedFrom?: number
    }

export interface Decision {
  readonly image: LifecycleImage
  readonly verdict: Verdict
}

export interface EvaluateOptions {
  /** Epoch milliseconds. */
  readonly now: number
  /** Those in force for the repository. */
  readonly guards?: readonly LifecycleGuard[]
  /** Days that an archived image stays whatever rules say; 0 where it is not said. */
  readonly archiveMinimumDays?: number
}

/**
 * A decision for each image, youngest first. Since an image that a rule is about can never be acted on by a lower one (whether or
 * not the rule's own number reaches it), the first rule about an image decides alone; lower ones still count it.
 */
export function evaluateLifecycle(
  policy: LifecyclePolicy,
  images: readonly LifecycleImage[],
  options: EvaluateOptions,
): readonly Decision[] {
  const ordered = images.toSorted(youngerFirst)
  const present = new Set(ordered.map(({ digest }) => digest))
  const counters = policy.rules.map((rule) => ({
    rule,
    test: selectionTest(rule.selection),
    seen: 0,
  }))
  const context = { ...options, guard: guardTest(options.guards ?? [], ordered, options.now) }
  return ordered.map((image) => {
    const unjudged = findUnjudged(image, present)
    const verdict = unjudged ?? judge(image, counters, context)
    return { image, verdict }
  })
}

/** Whether rules pass over the image: they neither act on it nor count it. */
export function isJudged(image: LifecycleImage, isPresent: (digest: string) => boolean): boolean {
  return !isUntaggedChild(image) && !(image.subject !== undefined && isPresent(image.subject))
}

function isUntaggedChild({ tags, heldBy }: LifecycleImage): boolean {
  return tags.length === 0 && heldBy.length > 0
}

function findUnjudged(image: LifecycleImage, present: ReadonlySet<string>): Verdict | undefined {
  if (isJudged(image, (digest) => present.has(digest))) return undefined
  const [index] = image.heldBy.toSorted()
  if (isUntaggedChild(image) && index !== undefined) {
    return { kind: 'keep', reason: { kind: 'held-by-index', index } }
  }
  const { subject = '' } = image
  return { kind: 'keep', reason: { kind: 'follows-subject', subject } }
}

interface Counter {
  readonly rule: LifecycleRule
  readonly test: ImageTest
  seen: number
}

interface Context {
  readonly now: number
  readonly archiveMinimumDays?: number
  readonly guard: GuardTest
}

function judge(image: LifecycleImage, counters: readonly Counter[], context: Context): Verdict {
  let own: { readonly rule: LifecycleRule; readonly outcome: ActReason | KeepReason } | undefined
  let claimedFrom: number | undefined
  for (const counter of counters) {
    if (!counter.test(image)) continue
    counter.seen += 1
    const { rule } = counter
    if (own === undefined)
      own = { rule, outcome: measure(rule.count, image, counter.seen, context.now) }
    else if (
      claimedFrom === undefined &&
      acts(measure(rule.count, image, counter.seen, context.now))
    ) {
      claimedFrom = rule.priority
    }
  }
  if (own === undefined) return { kind: 'keep', reason: { kind: 'no-rule' } }
  const { rule, outcome } = own
  const { priority } = rule
  if (acts(outcome)) {
    const protection = findProtection(image, rule, context)
    if (protection !== undefined) return { kind: 'keep', rule: priority, reason: protection }
    return { kind: 'act', action: rule.action, rule: priority, reason: outcome }
  }
  const claim = claimedFrom === undefined ? {} : { claimedFrom }
  return { kind: 'keep', rule: priority, reason: outcome, ...claim }
}

function acts(outcome: ActReason | KeepReason): outcome is ActReason {
  return outcome.kind === 'beyond-count' || outcome.kind === 'too-old'
}

function measure(
  count: LifecycleCount,
  image: LifecycleImage,
  position: number,
  now: number,
): ActReason | KeepReason {
  if (count.kind === 'more-than') {
    const { keep } = count
    return { kind: position > keep ? 'beyond-count' : 'within-count', position, keep }
  }
  const { basis, since } = ageOf(count.event, image)
  if (since === undefined) return { kind: 'date-unknown', basis }
  const dueAt = since + count.days * dayMs
  if (now <= dueAt) return { kind: 'not-old-enough', basis, since, dueAt }
  return { kind: 'too-old', basis, since, days: count.days }
}

/** Never pulled: as if pulled by its push. Restored and not pulled since: as if pulled by its restoring. */
function ageOf(
  event: 'pushed' | 'pulled' | 'archived',
  { pushedAt, lastPulledAt, archivedAt, restoredAt }: LifecycleImage,
): { readonly basis: AgeBasis; readonly since: number | undefined } {
  if (event === 'pushed') return { basis: 'pushed', since: pushedAt }
  if (event === 'archived') return { basis: 'archived', since: archivedAt }
  const used = lastPulledAt ?? pushedAt
  if (restoredAt !== undefined && restoredAt > used) return { basis: 'restored', since: restoredAt }
  return { basis: lastPulledAt === undefined ? 'pushed' : 'pulled', since: used }
}

function findProtection(
  image: LifecycleImage,
  rule: LifecycleRule,
  { now, archiveMinimumDays = 0, guard }: Context,
): KeepReason | undefined {
  const [index] = image.heldBy.toSorted()
  if (index !== undefined) return { kind: 'held-by-index', index }
  const isArtifact = image.artifactType !== undefined || image.subject !== undefined
  if (rule.action === 'archive' && isArtifact) return { kind: 'not-archivable' }
  if (rule.action === 'expire' && image.storageClass === 'archive' && archiveMinimumDays > 0) {
    if (image.archivedAt === undefined) return { kind: 'date-unknown', basis: 'archived' }
    const dueAt = image.archivedAt + archiveMinimumDays * dayMs
    if (now <= dueAt) return { kind: 'archive-minimum', dueAt }
  }
  const guarded = guard(image)
  return guarded === undefined ? undefined : { kind: 'guarded', ...guarded }
}
