import type { SuppressionRule } from '../../vex/suppression-rules.ts'

/** Rules whose end lies after one moment and not after another. */
export function endedWithin(
  rules: readonly SuppressionRule[],
  after: Date,
  upTo: Date,
): readonly SuppressionRule[] {
  return rules.filter(({ endsAt }) => endsAt > after.getTime() && endsAt <= upTo.getTime())
}

/** The first end after a moment; undefined where there is none. */
export function nextEnd(rules: readonly SuppressionRule[], after: Date): Date | undefined {
  const ends = rules.map(({ endsAt }) => endsAt).filter((endsAt) => endsAt > after.getTime())
  return ends.length === 0 ? undefined : new Date(ends.reduce((a, b) => Math.min(a, b)))
}
