// An audit as reports show it.
import type { PostureSeverity } from '../../src/posture/rules/posture-rule.ts'
import type { JudgedRule, JudgedSeen, Posture } from '../../src/posture/rules/judge-posture.ts'
import type { HistoryEntry } from './history.ts'
import type { Target } from './place.ts'

export interface PostureReport {
  readonly target: Target
  readonly account: string
  readonly judgedAt: Date
  readonly posture: Posture
  /** Rules that are shown and count; the gravest first. */
  readonly shown: readonly JudgedRule[]
  readonly minimum: PostureSeverity
  readonly exitCode: number
  /** Earlier audits, oldest first; undefined where none are kept. */
  readonly history: readonly HistoryEntry[] | undefined
}

/** What of a rule somebody has to look at; suppressed ones are not among them. */
export function openOf({ seen }: JudgedRule): readonly JudgedSeen[] {
  return seen.filter(
    ({ outcome, suppressedBy }) => outcome !== 'pass' && suppressedBy === undefined,
  )
}

/** Also the rule as a whole, where nothing of it could be told. */
export function suppressedOf({ seen, why = '', suppressedBy }: JudgedRule): readonly JudgedSeen[] {
  const held = seen.filter((one) => one.suppressedBy !== undefined)
  if (suppressedBy === undefined) return held
  const whole = { outcome: 'unknown', resource: 'all of it', words: why, values: {} } as const
  return [...held, { ...whole, suppressedBy }]
}

/** `72 of 100; 21 pass, 6 fail, 4 cannot be told (in no share), …` */
export function scoreWords({ posture: { score } }: PostureReport): string {
  const { points, passed, failed, unknown, suppressed, notApplicable } = score
  const share = points === undefined ? 'no rule could be judged' : `score ${points} of 100`
  const parts = [
    `${passed} pass`,
    `${failed} fail`,
    `${unknown} cannot be told (in no share of the score)`,
    `${suppressed} suppressed`,
    `${notApplicable} do not apply`,
  ]
  return `${share}; ${parts.join(', ')}`
}

export function trendWords({ history, posture: { score } }: PostureReport): string | undefined {
  const last = history?.at(-1)
  if (last?.points === undefined || score.points === undefined) return undefined
  const by = score.points - last.points
  const change = by === 0 ? 'the same as' : `${Math.abs(by)} ${by > 0 ? 'above' : 'below'} that`
  return by === 0 ? `${change} on ${last.at}` : `${change} of ${last.at}`
}

export const outcomeWords = {
  fail: 'FAIL',
  unknown: 'CANNOT TELL',
  pass: 'PASS',
  suppressed: 'SUPPRESSED',
  'not-applicable': 'DOES NOT APPLY',
} as const
