import { compileGlob, type Segment } from '../glob.ts'
import type { Written, WrittenPatterns } from '../reading/written-policy.ts'
import { quoted } from '../strict-json.ts'
import type { LintedPolicy, LintedTest, ReportFinding } from './linted-policy.ts'

/** Longer lists are not compared, each with each. */
const maxCompared = 200

/** What another part of the policy says already. */
export function lintRedundancy({ statements }: LintedPolicy, report: ReportFinding): void {
  const seen = new Set<string>()
  for (const { written, read, tests } of statements) {
    const { sid: _sid, index: _index, at: _at, ...meaning } = read
    const conditions = meaning.conditions.map(({ at: _place, ...test }) => test)
    const text = JSON.stringify({ ...meaning, conditions })
    if (seen.has(text)) report('REDUNDANT_STATEMENT', 'the same is said above', written.at)
    seen.add(text)
    lintPatterns(written.action, withoutCase, 'REDUNDANT_ACTION', report)
    if (written.resource !== undefined) {
      lintPatterns(written.resource, asWritten, 'REDUNDANT_RESOURCE', report)
    }
    for (const test of tests) lintOperands(test, report)
  }
}

function lintPatterns(
  { patterns }: WrittenPatterns,
  fold: (text: string) => string,
  code: 'REDUNDANT_ACTION' | 'REDUNDANT_RESOURCE',
  report: ReportFinding,
): void {
  for (const { one, by } of covered(patterns, fold, true)) {
    report(code, `${quoted(one.value)} is covered by ${quoted(by.value)}`, one.at)
  }
}

function lintOperands({ written, operator }: LintedTest, report: ReportFinding): void {
  if (operator === undefined || operator.operator === 'Null') return
  const { hasWildcards, operandType } = operator.operator.comparison
  const isGlob = hasWildcards && operandType === 'string'
  for (const { one, by } of covered(written.values, asWritten, isGlob)) {
    const message = `${quoted(one.value)} is covered by ${quoted(by.value)}`
    report('REDUNDANT_CONDITION_VALUE', message, one.at)
  }
}

function withoutCase(text: string): string {
  return text.toLowerCase()
}

function asWritten(text: string): string {
  return text
}

interface Cover {
  readonly one: Written
  readonly by: Written
}

/** Texts that another of the list covers; of two alike the second. */
function covered(
  texts: readonly Written[],
  fold: (text: string) => string,
  hasWildcards: boolean,
): readonly Cover[] {
  if (texts.length > maxCompared) return []
  const folded = texts.map((text) => {
    const value = fold(text.value)
    return { text, value, covers: coverOf(value, hasWildcards) }
  })
  return folded.flatMap(({ text, value }, index) => {
    const by = folded.find((other, place) => {
      if (place === index) return false
      return other.value === value ? place < index : other.covers(value)
    })
    return by === undefined ? [] : [{ one: text, by: by.text }]
  })
}

function segmentOf(text: string): Segment {
  return { text, ones: undefined }
}

/** Whether all that a text stands for is covered; only said where it is certain. */
function coverOf(pattern: string, hasWildcards: boolean): (text: string) => boolean {
  if (!hasWildcards || !pattern.includes('*') || /\?|\$\{/.test(pattern)) return () => false
  // In ARNs a star stays in its field, so no more than the same colons are covered for certain.
  const colons = pattern.split(':').length
  const [head = '', ...others] = pattern.split('*')
  const matches = compileGlob([segmentOf(head), ...others.map(segmentOf)])
  const isWhole = pattern === '*'
  return (text) =>
    isWhole || (!text.includes('${') && text.split(':').length === colons && matches(text))
}
