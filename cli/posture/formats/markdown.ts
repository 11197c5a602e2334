import type { JudgedRule } from '../../../src/posture/rules/judge-posture.ts'
import {
  openOf,
  outcomeWords,
  scoreWords,
  suppressedOf,
  trendWords,
  type PostureReport,
} from '../posture-report.ts'

const shownAtOnce = 20

/** For a pull request or a page of a wiki. Names are hostile: each is code, and holds no mark. */
export function writePostureMarkdown(report: PostureReport): string {
  const trend = trendWords(report)
  const rows = report.shown
    .filter(({ outcome }) => outcome !== 'not-applicable')
    .map(
      ({ rule, outcome, severity }) =>
        `| ${severity} | ${rule.id} | ${outcomeWords[outcome]} | ${rule.title} |`,
    )
  const open = report.shown.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
  return [
    `## Audit of ${report.target === 'aws' ? 'AWS' : 'Pratique'}, account ${report.account}`,
    `${scoreWords(report)}${trend === undefined ? '' : `; ${trend}`}`,
    ['| severity | rule | answer | what is asked |', '|---|---|---|---|', ...rows].join('\n'),
    ...open.map(renderOpen),
    ...renderSuppressed(report.shown),
  ].join('\n\n')
}

function renderOpen(judged: JudgedRule): string {
  const { rule, outcome, why } = judged
  const seen = openOf(judged)
  const lines = seen
    .slice(0, shownAtOnce)
    .map(({ resource, words, remedy }) =>
      [
        `- ${code(resource)}: ${code(words)}`,
        ...(remedy === undefined ? [] : [`  Mend it: ${code(remedy)}`]),
      ].join('\n'),
    )
  const more = seen.length - shownAtOnce
  return [
    `### ${rule.id} ${outcomeWords[outcome]}: ${rule.title}`,
    '',
    rule.why,
    ...(why === undefined ? [] : ['', code(why)]),
    '',
    ...lines,
    ...(more > 0 ? [`- and ${more} more`] : []),
  ].join('\n')
}

function renderSuppressed(shown: readonly JudgedRule[]): readonly string[] {
  const lines = shown.flatMap((judged) =>
    suppressedOf(judged).map(
      ({ resource, suppressedBy: by }) =>
        `- ${judged.rule.id} ${code(resource)}${by === undefined ? '' : ` by ${code(by.owner)} until ${by.until}: ${code(by.reason)}`}`,
    ),
  )
  return lines.length === 0 ? [] : [`### Suppressed\n\n${lines.join('\n')}`]
}

/** A span of code that ends where it should, on one line. */
function code(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  const runs = [...line.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(0, ...runs) + 1)
  return `${fence} ${line} ${fence}`
}
