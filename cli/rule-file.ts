import { readFileSync } from 'node:fs'
import { parseSuppressionRules, type SuppressionRule } from '../src/vex/suppression-rules.ts'
import { exitCodes, Failure } from './failure.ts'

/** The text of a file of rules, which has been read once so that its faults are told with their places. */
export function readRuleFile(file: string): {
  readonly text: string
  readonly rules: readonly SuppressionRule[]
} {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${why}`)
  }
  const reading = parseSuppressionRules(text)
  if (reading.kind === 'read') return { text, rules: reading.rules }
  const faults = reading.faults.map(
    ({ line, column, problem }) => `${file}:${line}:${column}: ${problem}`,
  )
  const advice = 'each rule needs vulnerability, reason, owner and until: docs/suppressions.md'
  throw new Failure(exitCodes.usage, faults.join('\n'), advice)
}
