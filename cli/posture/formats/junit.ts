// Purpose:  a posture where pipelines show tests: a case for each rule.
// Spec:     JUnit's XML as Jenkins reads it: testsuites, testsuite, testcase with failure, error or skipped.
// Input:    an audit; names in it are hostile.
// Deviates: a rule that does not apply is skipped, as is one that is suppressed.
// Unknowns: what cannot be told is an error, which is no failure and no success.
import type { JudgedRule } from '../../../src/posture/rules/judge-posture.ts'
import { openOf, suppressedOf, type PostureReport } from '../posture-report.ts'
import { escapeXml } from './escape-xml.ts'

export function writePostureJunit({ shown, account, target }: PostureReport): string {
  const count = (...outcomes: readonly JudgedRule['outcome'][]): number =>
    shown.filter(({ outcome }) => outcomes.includes(outcome)).length
  const suite = `${target} ${account}`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="pratique audit">',
    `  <testsuite name="${escapeXml(suite)}" tests="${shown.length}" failures="${count('fail')}" errors="${count('unknown')}" skipped="${count('suppressed', 'not-applicable')}">`,
    ...shown.map((judged) => renderCase(judged, suite)),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}

const elements = {
  fail: 'failure',
  unknown: 'error',
  suppressed: 'skipped',
  'not-applicable': 'skipped',
} as const

function renderCase(judged: JudgedRule, suite: string): string {
  const { rule, outcome, severity } = judged
  const head = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(`${rule.id} ${rule.title} (${severity})`)}"`
  if (outcome === 'pass') return `${head}/>`
  const element = elements[outcome]
  const text = escapeXml(textOf(judged))
  const [first = ''] = text.split('\n', 1)
  const body =
    element === 'skipped'
      ? `<skipped message="${first}"/>`
      : `<${element} message="${first}">${text}</${element}>`
  return `${head}>${body}</testcase>`
}

function textOf(judged: JudgedRule): string {
  const { why } = judged
  const seen = [...openOf(judged), ...suppressedOf(judged)].map(
    ({ resource, words, remedy, suppressedBy }) =>
      [
        `${resource}: ${words}`,
        ...(remedy === undefined ? [] : [`  ${remedy}`]),
        ...(suppressedBy === undefined
          ? []
          : [
              `  suppressed by ${suppressedBy.owner} until ${suppressedBy.until}: ${suppressedBy.reason}`,
            ]),
      ].join('\n'),
  )
  return [...(why === undefined ? [] : [why]), ...seen].join('\n')
}
