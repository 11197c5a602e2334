import type { JudgedRule } from '../../../src/posture/rules/judge-posture.ts'
import { renderTable, visible } from '../../output.ts'
import {
  openOf,
  outcomeWords,
  scoreWords,
  suppressedOf,
  trendWords,
  type PostureReport,
} from '../posture-report.ts'

/** Of one rule so many resources are shown. */
const shownAtOnce = 10

/** For a person: the gravest first, each with what was seen and the command that mends it. */
export function renderPosture(report: PostureReport): string {
  const { shown, posture, target, account } = report
  const open = shown.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
  const rows = shown
    .filter(({ outcome }) => outcome !== 'not-applicable')
    .map(({ rule, outcome, severity }) => [
      signs[outcome],
      severity.toUpperCase(),
      rule.id,
      outcomeWords[outcome],
      rule.title,
    ])
  const trend = trendWords(report)
  const head = `${target === 'aws' ? 'AWS' : 'Pratique'}, account ${account}: ${scoreWords(report)}${trend === undefined ? '' : `; ${trend}`}`
  return [
    head,
    renderTable(['', 'SEVERITY', 'RULE', 'ANSWER', 'WHAT IS ASKED'], rows),
    ...open.map(renderOpen),
    ...renderSuppressed(shown),
    ...posture.endedSuppressions.map(
      ({ rule, line, until }) =>
        `${rule} (line ${line}) was suppressed until ${until}: it counts again`,
    ),
    ...posture.unusedSuppressions.map(
      ({ rule, line }) => `${rule} (line ${line}) suppresses nothing`,
    ),
  ].join('\n\n')
}

const signs = {
  fail: '✗',
  unknown: '?',
  pass: '✓',
  suppressed: '·',
  'not-applicable': ' ',
} as const

function renderOpen(judged: JudgedRule): string {
  const { rule, outcome, severity, why, action, leftOut = 0 } = judged
  const seen = openOf(judged)
  const lines = seen
    .slice(0, shownAtOnce)
    .flatMap(({ outcome: one, resource, words, remedy }) => [
      visible(`  ${signs[one]} ${resource}: ${words}`),
      ...(remedy === undefined ? [] : [visible(`      ${remedy}`)]),
    ])
  const more = seen.length - shownAtOnce
  return [
    `${signs[outcome]} ${rule.id} ${severity.toUpperCase()} ${rule.title}`,
    `  ${rule.why}`,
    ...(why === undefined ? [] : [visible(`  ? ${why}`)]),
    ...rightWords(judged, action),
    ...lines,
    ...(more > 0 ? [`  and ${more} more: -o json shows them`] : []),
    ...(leftOut > 0 ? [`  ${leftOut} more of its resources are not kept by the server`] : []),
  ].join('\n')
}

/** The right that would let it be told. */
function rightWords({ seen }: JudgedRule, action: string | undefined): readonly string[] {
  const actions = new Set([
    ...(action === undefined ? [] : [action]),
    ...seen.flatMap((one) => (one.action === undefined ? [] : [one.action])),
  ])
  return actions.size === 0 ? [] : [`      allow ${[...actions].join(', ')} to who audits`]
}

function renderSuppressed(shown: readonly JudgedRule[]): readonly string[] {
  const rows = shown.flatMap((judged) =>
    suppressedOf(judged).map(({ resource, words, suppressedBy: by }) => [
      judged.rule.id,
      resource,
      words,
      by === undefined ? '' : `${by.owner} until ${by.until}: ${by.reason}`,
    ]),
  )
  return rows.length === 0
    ? []
    : [`Suppressed:\n${renderTable(['RULE', 'RESOURCE', 'SEEN', 'BY'], rows)}`]
}
