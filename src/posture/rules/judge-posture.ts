// Purpose:  judge everything by every rule, and say what was suppressed and what could not be told.
// Spec:     our own; docs/posture.md, "Score".
// Input:    evidence, and suppressions with their ends.
// Deviates: nothing.
// Unknowns: a rule is unknown where something of it is unknown and nothing fails; it counts as neither in the score.
import { matchesSegment } from '../../vex/path-glob.ts'
import type { PostureEvidence } from './evidence.ts'
import {
  postureSeverities,
  type PostureRule,
  type PostureSeverity,
  type Seen,
} from './posture-rule.ts'
import type { PostureSuppression } from './rules-file.ts'
import { fillRemedy } from './fill-remedy.ts'

export type PostureOutcome = 'fail' | 'unknown' | 'pass' | 'suppressed' | 'not-applicable'

export interface JudgedRule {
  readonly rule: PostureRule
  readonly outcome: PostureOutcome
  /** The worst of what fails, else the rule's own. */
  readonly severity: PostureSeverity
  /** Of what is unknown as a whole, or does not apply. */
  readonly why?: string
  readonly action?: string
  /** Of a rule that is unknown as a whole. */
  readonly suppressedBy?: PostureSuppression
  readonly seen: readonly JudgedSeen[]
  /** Of a stored judgement: so many more were seen, and are not kept. */
  readonly leftOut?: number
}

/** Its remedy is a command as it can be run. */
export interface JudgedSeen extends Seen {
  /** The suppression that lets it pass; it is told all the same. */
  readonly suppressedBy?: PostureSuppression
}

export interface Posture {
  /** The gravest first; of one gravity what fails before what is unknown. */
  readonly rules: readonly JudgedRule[]
  readonly score: PostureScore
  readonly unusedSuppressions: readonly PostureSuppression[]
  readonly endedSuppressions: readonly PostureSuppression[]
}

export interface PostureScore {
  /** Weighted share of the judged rules that pass, 0 to 100; undefined where none could be judged. */
  readonly points: number | undefined
  readonly passed: number
  readonly failed: number
  readonly suppressed: number
  /** Beside the score: what nobody could tell is in no share. */
  readonly unknown: number
  readonly notApplicable: number
}

export function judgePosture(
  rules: readonly PostureRule[],
  evidence: PostureEvidence,
  suppressions: readonly PostureSuppression[],
): Posture {
  const inForce = suppressions.filter(({ endsAt }) => endsAt > evidence.now)
  const used = new Set<PostureSuppression>()
  const judged = rules.map((rule) => judgeRule(rule, evidence, inForce, used))
  return {
    rules: judged.toSorted(compare),
    score: scoreOf(judged),
    unusedSuppressions: inForce.filter((one) => !used.has(one)),
    endedSuppressions: suppressions.filter(({ endsAt }) => endsAt <= evidence.now),
  }
}

function judgeRule(
  rule: PostureRule,
  evidence: PostureEvidence,
  suppressions: readonly PostureSuppression[],
  used: Set<PostureSuppression>,
): JudgedRule {
  const judgement = rule.judge(evidence)
  const about = suppressions.filter((one) => one.rule === rule.id)
  if (judgement.kind !== 'judged') {
    const { kind, why } = judgement
    const whole =
      kind === 'unknown' ? about.find(({ resource }) => resource === undefined) : undefined
    if (whole !== undefined) used.add(whole)
    const action =
      kind === 'unknown' && judgement.action !== undefined ? { action: judgement.action } : {}
    const outcome = whole === undefined ? kind : 'suppressed'
    const by = whole === undefined ? {} : { suppressedBy: whole }
    return { rule, outcome, severity: rule.severity, why, ...action, ...by, seen: [] }
  }
  const seen = judgement.seen.map(({ remedy: own = rule.remedy, ...one }): JudgedSeen => {
    const remedy = one.outcome === 'fail' ? { remedy: fillRemedy(own, one.values) } : {}
    const by =
      one.outcome === 'pass' ? undefined : about.find((entry) => covers(entry, one.resource))
    if (by === undefined) return { ...one, ...remedy }
    used.add(by)
    return { ...one, ...remedy, suppressedBy: by }
  })
  return { rule, outcome: outcomeOf(seen), severity: worstOf(rule, seen), seen }
}

function covers({ resource }: PostureSuppression, name: string): boolean {
  return resource === undefined || matchesSegment(resource, name)
}

function outcomeOf(seen: readonly JudgedSeen[]): PostureOutcome {
  const open = seen.filter(({ suppressedBy }) => suppressedBy === undefined)
  if (open.some(({ outcome }) => outcome === 'fail')) return 'fail'
  if (open.some(({ outcome }) => outcome === 'unknown')) return 'unknown'
  return open.length < seen.length ? 'suppressed' : 'pass'
}

function worstOf({ severity }: PostureRule, seen: readonly JudgedSeen[]): PostureSeverity {
  const failing = seen.filter(
    ({ outcome, suppressedBy }) => outcome === 'fail' && suppressedBy === undefined,
  )
  if (failing.length === 0) return severity
  const places = failing.map((one) => postureSeverities.indexOf(one.severity ?? severity))
  return postureSeverities[Math.min(...places)] ?? severity
}

const outcomes: readonly PostureOutcome[] = [
  'fail',
  'unknown',
  'suppressed',
  'pass',
  'not-applicable',
]

function compare(a: JudgedRule, b: JudgedRule): number {
  return (
    postureSeverities.indexOf(a.severity) - postureSeverities.indexOf(b.severity) ||
    outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome) ||
    (a.rule.id < b.rule.id ? -1 : 1)
  )
}

const weights: Readonly<Record<PostureSeverity, number>> = {
  critical: 10,
  high: 5,
  medium: 3,
  low: 1,
  info: 0,
}

function scoreOf(judged: readonly JudgedRule[]): PostureScore {
  const weightOf = (wanted: PostureOutcome): number =>
    judged.reduce(
      (sum, { outcome, rule }) => sum + (outcome === wanted ? weights[rule.severity] : 0),
      0,
    )
  const count = (wanted: PostureOutcome): number =>
    judged.filter(({ outcome }) => outcome === wanted).length
  const passed = weightOf('pass')
  const all = passed + weightOf('fail')
  return {
    points: all === 0 ? undefined : Math.floor((100 * passed) / all),
    passed: count('pass'),
    failed: count('fail'),
    suppressed: count('suppressed'),
    unknown: count('unknown'),
    notApplicable: count('not-applicable'),
  }
}
