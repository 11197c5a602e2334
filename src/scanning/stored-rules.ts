import { parseSuppressionRules, type SuppressionRule } from '../vex/suppression-rules.ts'

/** What a later version cannot read any more has no effect. */
export function storedRules(text: string): readonly SuppressionRule[] {
  const reading = parseSuppressionRules(text)
  return reading.kind === 'read' ? reading.rules : []
}
