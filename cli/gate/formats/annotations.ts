// Purpose:  the gate's answer as annotations of a GitHub Actions run.
// Spec:     GitHub Docs, "Workflow commands for GitHub Actions": error, warning, notice; their escapes.
// Input:    images that were judged; names in them are hostile: a line break would begin a command of its own.
// Deviates: nothing.
// Unknowns: what cannot be told is an error of its own title.
import { reasonCodes, type Reason } from '../../../src/admission/rules/reason.ts'
import { overallVerdict, verdictOf, type JudgedImage } from '../judge-reference.ts'
import type { GateReport } from '../report.ts'

/** GitHub shows ten of a kind for each step. */
const maxOfKind = 10

export function writeAnnotations(report: GateReport): string {
  const lines = report.images.flatMap(annotationsOf)
  const errors = lines.filter((line) => line.startsWith('::error'))
  const warnings = lines.filter((line) => line.startsWith('::warning'))
  const verdict = overallVerdict(report.images)
  const told = `the answer is ${verdict}: ${errors.length} errors, ${warnings.length} warnings`
  const end = command('notice', 'pratique gate', told)
  return [...errors.slice(0, maxOfKind), ...warnings.slice(0, maxOfKind), end].join('\n')
}

/** First what tells of the whole image, since few are shown. */
function annotationsOf(image: JudgedImage): readonly string[] {
  const { reasons } = image.decision
  const told = reasons.filter(({ outcome }) => outcome !== 'info')
  const whole = told.filter(({ finding }) => finding === undefined)
  const found = told.filter(({ finding }) => finding !== undefined)
  return [...whole, ...found].map((reason) => annotationOf(image, reason))
}

function annotationOf(
  image: JudgedImage,
  { code, outcome, message, platform, remedy }: Reason,
): string {
  const isRefused = verdictOf(image.decision) === 'deny' || verdictOf(image.decision) === 'unknown'
  const kind = outcome === 'deny' && isRefused ? 'error' : 'warning'
  const place = platform === undefined ? image.reference : `${image.reference} (${platform})`
  const title = reasonCodes[code] === 'unknown' ? 'cannot tell' : code
  const fix = remedy === undefined ? '' : `. Fix: ${remedy.command ?? remedy.text}`
  return command(kind, `${title}: ${place}`, `${message}${fix}`)
}

function command(kind: 'error' | 'warning' | 'notice', title: string, text: string): string {
  return `::${kind} title=${escapeProperty(title)}::${escapeData(text)}`
}

function escapeData(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll('%', '%25')
      .replaceAll('\r', '%0D')
      .replaceAll('\n', '%0A')
      // oxlint-disable-next-line no-control-regex -- a terminal shows the log too
      .replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, '\uFFFD')
  )
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
