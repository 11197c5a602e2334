// Purpose:  what a policy does today, what it does until a later day if nobody pushes, and what stays and why.
// Spec:     Amazon ECR User Guide, "How lifecycle policies work"; docs/lifecycle.md, "Preview".
// Input:    a parsed policy, all images of a repository, today and perhaps a later day.
// Deviates: between today and the later day nothing is judged, and on it until nothing is left to do: ages only grow.
// Unknowns: none.
import { carryOut } from './carry-out.ts'
import {
  evaluateLifecycle,
  type Decision,
  type EvaluateOptions,
  type Verdict,
} from './evaluate-lifecycle.ts'
import type { LifecycleImage } from './lifecycle-image.ts'
import type { LifecyclePolicy } from './lifecycle-policy.ts'

/** An image that is acted on. */
export interface ForecastAct {
  readonly image: LifecycleImage
  readonly verdict: Extract<Verdict, { readonly kind: 'act' }>
}

export interface ForecastDay {
  readonly at: number
  /** Oldest first. */
  readonly acts: readonly ForecastAct[]
  /** Every digest that goes, referrers too, and the rule by which. */
  readonly gone: ReadonlyMap<string, number>
}

export interface Forecast {
  /** For all images, as they are today. */
  readonly decisions: readonly Decision[]
  readonly today: ForecastDay
  /** What goes beyond today's. */
  readonly later: ForecastDay | undefined
}

/** Lists in lists are no deeper. */
const maxRounds = 10

export function forecastLifecycle(
  policy: LifecyclePolicy,
  images: readonly LifecycleImage[],
  options: EvaluateOptions & { readonly at?: number },
): Forecast {
  const { now, at } = options
  const decisions = evaluateLifecycle(policy, images, options)
  const today = dayOf(now, [decisions])
  if (at === undefined) return { decisions, today, later: undefined }
  const rounds: (readonly Decision[])[] = []
  let left = carryOut(decisions, now)
  for (let round = 0; round < maxRounds; round += 1) {
    const judged = evaluateLifecycle(policy, left, { ...options, now: at })
    if (!judged.some(({ verdict }) => verdict.kind === 'act')) break
    rounds.push(judged)
    left = carryOut(judged, at)
  }
  return { decisions, today, later: dayOf(at, rounds) }
}

function dayOf(at: number, rounds: readonly (readonly Decision[])[]): ForecastDay {
  const acts = rounds.flatMap((decisions) =>
    decisions
      .flatMap(({ image, verdict }) => (verdict.kind === 'act' ? [{ image, verdict }] : []))
      .toReversed(),
  )
  const gone = new Map<string, number>()
  for (const decisions of rounds) addGone(gone, decisions, at)
  return { at, acts, gone }
}

/** A referrer goes by the rule by which its subject goes. */
function addGone(gone: Map<string, number>, decisions: readonly Decision[], at: number): void {
  const left = new Set(carryOut(decisions, at).map(({ digest }) => digest))
  const byDigest = new Map(decisions.map((decision) => [decision.image.digest, decision]))
  for (const { image, verdict } of decisions) {
    if (left.has(image.digest)) continue
    let rule = verdict.kind === 'act' ? verdict.rule : undefined
    const seen = new Set<string>()
    for (
      let { subject } = image;
      rule === undefined && subject !== undefined && !seen.has(subject);
    ) {
      seen.add(subject)
      const decision = byDigest.get(subject)
      rule = decision?.verdict.kind === 'act' ? decision.verdict.rule : undefined
      subject = decision?.image.subject
    }
    gone.set(image.digest, rule ?? 0)
  }
}
