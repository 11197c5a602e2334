// Purpose:  a forecast as people and programs read it: by rule, with reasons, warnings and bounded lists.
// Spec:     docs/lifecycle.md, "Preview".
// Input:    a forecast; what the deletions free, where that is known.
// Deviates: nothing.
// Unknowns: bytes that are not known are absent, never 0.
import type { Forecast, ForecastAct, ForecastDay } from './forecast.ts'
import type { Decision } from './evaluate-lifecycle.ts'
import type { LifecyclePolicy } from './lifecycle-policy.ts'
import { lintLifecycle, type LifecycleWarning } from './lint-lifecycle.ts'
import { verdictText } from './reason-text.ts'
import { warnOfOutcome } from './warn-outcome.ts'

export interface PreviewLine {
  readonly digest: string
  readonly tags: readonly string[]
  readonly pushedAt: string
  readonly why: string
}

export interface PreviewRule {
  readonly rule: number
  readonly description?: string
  readonly action: 'expire' | 'archive'
  readonly images: number
  /** What this rule alone frees. */
  readonly bytes?: number
  /** The first of them, oldest first. */
  readonly first: readonly PreviewLine[]
}

export interface PreviewDay {
  readonly at: string
  readonly expiring: number
  readonly archiving: number
  /** Signatures and the like that go with their images. */
  readonly following: number
  /** Freed in storage once they are collected; layers that something else needs are not in it. */
  readonly bytes?: number
  readonly rules: readonly PreviewRule[]
}

export interface PreviewDocument {
  readonly repository: string
  readonly images: number
  readonly today: PreviewDay
  readonly later?: PreviewDay
  /** What a rule would act on, and something else keeps. */
  readonly protected: { readonly images: number; readonly first: readonly PreviewLine[] }
  readonly warnings: readonly LifecycleWarning[]
}

/** Of one day: in all, and by each rule alone. */
export interface FreedBytes {
  readonly all: number
  readonly byRule: ReadonlyMap<number, number>
}

/** Images that are named one by one in each list. */
const maxNamed = 100

export function previewDocument(
  repository: string,
  policy: LifecyclePolicy,
  forecast: Forecast,
  freed: { readonly today?: FreedBytes; readonly later?: FreedBytes } = {},
): PreviewDocument {
  const { decisions, today, later } = forecast
  const kept = decisions.filter(isProtected)
  return {
    repository,
    images: decisions.length,
    today: dayOf(policy, today, freed.today),
    ...(later === undefined ? {} : { later: dayOf(policy, later, freed.later) }),
    protected: {
      images: kept.length,
      first: kept.slice(0, maxNamed).map((decision) => lineOf(decision, today.at)),
    },
    warnings: [...lintLifecycle(policy), ...warnOfOutcome(policy, decisions)],
  }
}

/** What a rule has reached, or a claim kept from one. */
function isProtected({ verdict }: Decision): boolean {
  if (verdict.kind === 'act') return false
  if (verdict.claimedFrom !== undefined) return true
  return !['no-rule', 'within-count', 'not-old-enough', 'follows-subject'].includes(
    verdict.reason.kind,
  )
}

function dayOf(
  policy: LifecyclePolicy,
  day: ForecastDay,
  freed: FreedBytes | undefined,
): PreviewDay {
  const expiring = day.acts.filter(({ verdict }) => verdict.action === 'expire').length
  const byRule = new Map<number, ForecastAct[]>()
  for (const act of day.acts) {
    const { rule } = act.verdict
    const acts = byRule.get(rule)
    if (acts === undefined) byRule.set(rule, [act])
    else acts.push(act)
  }
  return {
    at: new Date(day.at).toISOString(),
    expiring,
    archiving: day.acts.length - expiring,
    following: day.gone.size - expiring,
    ...(freed === undefined ? {} : { bytes: freed.all }),
    rules: policy.rules.flatMap(({ priority, description, action }) => {
      const acts = byRule.get(priority)
      if (acts === undefined) return []
      const bytes = freed?.byRule.get(priority)
      return [
        {
          rule: priority,
          ...(description === undefined ? {} : { description }),
          action,
          images: acts.length,
          ...(bytes === undefined ? {} : { bytes }),
          first: acts.slice(0, maxNamed).map((act) => lineOf(act, day.at)),
        },
      ]
    }),
  }
}

function lineOf({ image, verdict }: Decision, now: number): PreviewLine {
  const { digest, tags, pushedAt } = image
  return {
    digest,
    tags,
    pushedAt: new Date(pushedAt).toISOString(),
    why: verdictText(verdict, now),
  }
}
