// Purpose:  what does another file of rules change?
// Spec:     our own; docs/suppressions.md.
// Input:    the rules before and after, and the time.
// Deviates: nothing.
// Unknowns: none; a rule is the same where all of its members are, wherever it stands in the file.
import type { SuppressionRule } from '../../vex/suppression-rules.ts'
import { describeRule, type DescribedRule } from './describe-rule.ts'

export interface RuleChanges {
  readonly added: readonly DescribedRule[]
  readonly removed: readonly DescribedRule[]
  readonly kept: number
  /** Of the rules after: those that have no effect any more. */
  readonly ended: number
}

export function compareRules(
  before: readonly SuppressionRule[],
  after: readonly SuppressionRule[],
  now: Date,
): RuleChanges {
  const known = countsOf(before, now)
  const added = after.map((rule) => describeRule(rule, now)).filter((rule) => !take(known, rule))
  const wanted = countsOf(after, now)
  const removed = before
    .map((rule) => describeRule(rule, now))
    .filter((rule) => !take(wanted, rule))
  const ended = after.filter(({ endsAt }) => endsAt <= now.getTime()).length
  return { added, removed, kept: after.length - added.length, ended }
}

function nameOf({ number: _number, line: _line, state: _state, ...rule }: DescribedRule): string {
  return JSON.stringify(rule)
}

/** A rule that stands twice is two. */
function countsOf(rules: readonly SuppressionRule[], now: Date): Map<string, number> {
  const counts = new Map<string, number>()
  for (const rule of rules) {
    const name = nameOf(describeRule(rule, now))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function take(counts: Map<string, number>, rule: DescribedRule): boolean {
  const name = nameOf(rule)
  const left = counts.get(name) ?? 0
  counts.set(name, left - 1)
  return left > 0
}
