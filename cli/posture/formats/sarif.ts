// Purpose:  a posture as a log that code-scanning services read.
// Spec:     SARIF 2.1.0 (OASIS, with errata 01): log 3.13, run 3.14, result 3.27, reportingDescriptor 3.49, suppression 3.35.
// Input:    an audit; names in it are hostile.
// Deviates: nothing.
// Unknowns: what cannot be told is a result of kind `open`, and a notification besides.
import { createHash } from 'node:crypto'
import type { JudgedRule, JudgedSeen } from '../../../src/posture/rules/judge-posture.ts'
import type { PostureSeverity } from '../../../src/posture/rules/posture-rule.ts'
import type { PostureReport } from '../posture-report.ts'

type Json = Readonly<Record<string, unknown>>

const schema =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

const levels: Readonly<Record<PostureSeverity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}

/** Code scanning orders by this number. */
const ranks: Readonly<Record<PostureSeverity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '1.0',
}

export function writePostureSarif(report: PostureReport, version: string): string {
  const { shown, exitCode } = report
  const untold = shown.filter(({ outcome }) => outcome === 'unknown')
  const run = {
    tool: { driver: { name: 'Pratique audit', version, rules: shown.map(ruleOf) } },
    invocations: [
      {
        executionSuccessful: true,
        exitCode,
        toolExecutionNotifications: untold.map(({ rule, why }) => ({
          associatedRule: { id: rule.id },
          level: 'warning',
          message: { text: `${rule.title}: cannot be told${why === undefined ? '' : `: ${why}`}` },
        })),
      },
    ],
    results: shown.flatMap((judged, at) => resultsOf(report, judged, at)),
    columnKind: 'utf16CodeUnits',
  }
  return JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] }, undefined, 2)
}

function ruleOf({ rule: { id, title, severity, why, remedy, references } }: JudgedRule): Json {
  const [helpUri] = references
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: remedy },
    ...(helpUri === undefined ? {} : { helpUri }),
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: ['security', 'posture'], 'security-severity': ranks[severity] },
  }
}

function resultsOf(report: PostureReport, judged: JudgedRule, ruleIndex: number): readonly Json[] {
  const { rule, severity, seen, why, outcome } = judged
  const common = { ruleId: rule.id, ruleIndex }
  const listed = seen
    .filter((one) => one.outcome !== 'pass')
    .map((one) => ({ ...common, ...resultOf(report, judged, one, one.severity ?? severity) }))
  if (outcome !== 'unknown' || why === undefined) return listed
  const whole: JudgedSeen = { outcome: 'unknown', resource: report.account, words: why, values: {} }
  return [...listed, { ...common, ...resultOf(report, judged, whole, severity) }]
}

function resultOf(
  { account }: PostureReport,
  { rule }: JudgedRule,
  { resource, outcome, words, remedy, suppressedBy }: JudgedSeen,
  severity: PostureSeverity,
): Json {
  const isOpen = outcome === 'unknown'
  const mend = remedy === undefined ? '' : ` Mend it: ${remedy}`
  return {
    // A result that is open has no level (3.27.10).
    kind: isOpen ? 'open' : 'fail',
    level: isOpen ? 'none' : levels[severity],
    message: { text: `${resource}: ${words}.${mend}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(resource) },
          region: { startLine: 1 },
        },
        logicalLocations: [
          { name: resource, kind: 'resource', fullyQualifiedName: `${account}/${resource}` },
        ],
      },
    ],
    partialFingerprints: {
      'pratiquePosture/v1': createHash('sha256')
        .update(JSON.stringify([account, rule.id, resource]))
        .digest('hex'),
    },
    ...(suppressedBy === undefined
      ? {}
      : { suppressions: [{ kind: 'external', justification: suppressedBy.reason }] }),
  }
}

function uriOf(name: string): string {
  return name
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')
}
