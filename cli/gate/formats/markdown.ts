// The gate's answer as a comment on a pull request. Names come from images: nothing in them is markup, a link or a mention.
import { reasonCodes, type Reason } from '../../../src/admission/rules/reason.ts'
import type { GateFinding } from '../gate-finding.ts'
import { overallVerdict, verdictOf, type JudgedImage, type Verdict } from '../judge-reference.ts'
import { sourceOf, type GateReport } from '../report.ts'

const headlines: Readonly<Record<Verdict, string>> = {
  allow: '✅ Gate: yes',
  warn: '⚠️ Gate: yes, with warnings',
  deny: '❌ Gate: no',
  unknown: '❔ Gate: cannot tell',
}

/** A comment of GitHub takes 65,536 characters. */
const maxRows = 100
const maxCell = 200

export function writeMarkdown(report: GateReport): string {
  const verdict = overallVerdict(report.images)
  const parts = report.images.map(renderImage)
  const names = report.policies.map(plain).join(', ')
  return [
    `### ${headlines[verdict]}`,
    ...parts,
    `<sub>judged at ${report.judgedAt.toISOString()} by ${names}</sub>`,
  ].join('\n\n')
}

function renderImage(image: JudgedImage): string {
  const { decision, reference, digest } = image
  const told = decision.reasons.filter(
    ({ outcome, exemptedBy }) => outcome !== 'info' || exemptedBy !== undefined,
  )
  const findings = told.filter(({ finding }) => finding !== undefined)
  const others = told.filter(({ finding }) => finding === undefined)
  const head = `**${plain(reference)}** ${headlines[verdictOf(decision)].slice(0, 2).trim()} \`${digest.slice(0, 19)}\``
  const lines = others.map(
    (reason) => `- ${signOf(reason)} ${plain(reason.message)} (${reason.code})`,
  )
  return [
    head,
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
    ...renderFindings(image, findings),
  ].join('\n\n')
}

function renderFindings(image: JudgedImage, reasons: readonly Reason[]): readonly string[] {
  if (reasons.length === 0) return []
  const rows = reasons.slice(0, maxRows).map((reason) => row(image, reason))
  const more =
    reasons.length > maxRows ? [`${reasons.length - maxRows} more are not listed here.`] : []
  const table = [
    '|  | severity | vulnerability | package | fix | rule |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ]
  return [table.join('\n'), ...more]
}

function row(image: JudgedImage, reason: Reason): string {
  const cells = [signOf(reason), ...findingCells(sourceOf(image, reason), reason), ruleCell(reason)]
  return `| ${cells.map(plain).join(' | ')} |`
}

function findingCells(source: GateFinding | undefined, { platform }: Reason): readonly string[] {
  if (source === undefined) return ['', '', '', '']
  const { severity, vulnerability, packageName, packageVersion, fixedVersion, fix } = source
  const name = `${packageName} ${packageVersion}`
  const place = platform === undefined ? name : `${name} (${platform})`
  const mend = fixedVersion ?? (fix.kind === 'none' ? 'none known' : 'not told')
  return [severity, vulnerability, place, mend]
}

function ruleCell({ policy = '', rule = '', exemptedBy, code, message }: Reason): string {
  const by =
    exemptedBy === undefined ? '' : `, exempted by ${exemptedBy.owner} until ${exemptedBy.until}`
  const unclear = code === 'finding-unclear' ? `, ${message.split(': ').at(-1) ?? ''}` : ''
  return `${policy}/${rule}${by}${unclear}`
}

function signOf({ code, outcome, exemptedBy }: Reason): string {
  if (exemptedBy !== undefined) return '➖'
  if (outcome === 'warn') return '⚠️'
  return reasonCodes[code] === 'unknown' ? '❔' : '❌'
}

/** Text that means itself: a backslash before each mark, and nobody is called by it. */
function plain(text: string): string {
  const short = text.length > maxCell ? `${text.slice(0, maxCell)}…` : text
  return (
    short
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- exactly these could end a cell or a line
      .replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, ' ')
      .replaceAll(/[\\`*_{}[\]()#+!|~-]/g, String.raw`\$&`)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('@', '&#64;')
      .replaceAll(/\b(https?):/g, '$1&#58;')
  )
}
