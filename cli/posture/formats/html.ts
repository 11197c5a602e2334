import type { JudgedRule, JudgedSeen } from '../../../src/posture/rules/judge-posture.ts'
import { outcomeWords, scoreWords, trendWords, type PostureReport } from '../posture-report.ts'
import { escapeXml as e } from './escape-xml.ts'

const style = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8886;vertical-align:top}
code,pre{font:13px ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}section{margin:2rem 0}.answer{font-weight:600}`

/** One file that asks for nothing else and runs nothing: it can be mailed and kept. */
export function writePostureHtml(report: PostureReport): string {
  const { shown, account, target, judgedAt } = report
  const title = `Audit of ${target === 'aws' ? 'AWS' : 'Pratique'}, account ${account}`
  const trend = trendWords(report)
  const rows = shown.map(
    ({ rule, outcome, severity }) =>
      `<tr><td>${severity}</td><td><a href="#${rule.id}">${rule.id}</a></td><td class="answer">${outcomeWords[outcome]}</td><td>${e(rule.title)}</td></tr>`,
  )
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${e(title)}</title><style>${style}</style></head><body>`,
    `<h1>${e(title)}</h1><p>${judgedAt.toISOString()}. ${e(scoreWords(report))}${trend === undefined ? '' : `; ${e(trend)}`}</p>`,
    '<table><thead><tr><th>Severity</th><th>Rule</th><th>Answer</th><th>What is asked</th></tr></thead><tbody>',
    ...rows,
    '</tbody></table>',
    ...renderHistory(report),
    ...shown.map(renderRule),
    '</body></html>',
  ].join('\n')
}

function renderHistory({ history = [] }: PostureReport): readonly string[] {
  if (history.length === 0) return []
  const rows = history.map(
    ({ at, points, failed, unknown }) =>
      `<tr><td>${e(at)}</td><td>${points ?? 'none'}</td><td>${failed}</td><td>${unknown}</td></tr>`,
  )
  return [
    '<section><h2>Earlier audits</h2><table><thead><tr><th>When</th><th>Score</th><th>Fail</th><th>Cannot be told</th></tr></thead><tbody>',
    ...rows,
    '</tbody></table></section>',
  ]
}

function renderRule({ rule, outcome, severity, why, seen }: JudgedRule): string {
  const links = rule.references
    .map((url) => `<a href="${e(url)}" rel="noreferrer">${e(url)}</a>`)
    .join(', ')
  const same = rule.equivalents.map(({ tool, id }) => `${tool} ${id}`).join(', ')
  return [
    `<section id="${rule.id}"><h2>${rule.id} ${e(rule.title)}</h2>`,
    `<p><span class="answer">${outcomeWords[outcome]}</span>, ${severity}. ${e(rule.why)}</p>`,
    ...(why === undefined ? [] : [`<p>${e(why)}</p>`]),
    ...(seen.length === 0 ? [] : [renderSeen(seen)]),
    ...(same === '' ? [] : [`<p>The same idea: ${e(same)}</p>`]),
    ...(links === '' ? [] : [`<p>${links}</p>`]),
    '</section>',
  ].join('\n')
}

function renderSeen(seen: readonly JudgedSeen[]): string {
  const rows = seen.map(({ resource, outcome, words, remedy, suppressedBy: by }) => {
    const mend = remedy === undefined ? '' : `<pre>${e(remedy)}</pre>`
    const held =
      by === undefined
        ? ''
        : `<p>Suppressed by ${e(by.owner)} until ${e(by.until)}: ${e(by.reason)}</p>`
    return `<tr><td><code>${e(resource)}</code></td><td>${outcomeWords[outcome]}</td><td>${e(words)}${mend}${held}</td></tr>`
  })
  return `<table><thead><tr><th>Resource</th><th>Answer</th><th>What was seen</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}
