import { age, renderTable, visible } from '../output.ts'
import { renderSuppressed } from '../suppressed-findings.ts'
import type { RuleUse } from './suppress.ts'
import { whereOf, type GateFinding, type HeldFinding, type ScanState } from './findings.ts'
import type { Severity, Target } from './findings.ts'
import { rank, type GateVerdict, type Threshold } from './judge.ts'

export interface JudgedImage {
  readonly reference: string
  readonly target: Target | undefined
  readonly state: ScanState | undefined
  readonly verdict: GateVerdict
}

/** The JSON document; its name changes when its meaning does. */
export interface GateReport {
  readonly schema: 'pratique.gate/1'
  readonly failOn: Threshold
  readonly verdict: GateVerdict['kind']
  readonly images: readonly JudgedImage[]
  /** Of the file of rules, where one was given: those that matched nothing, and those that are over and would have. */
  readonly unusedRules?: readonly RuleUse[]
  readonly endedRules?: readonly RuleUse[]
}

/** For a person: each image, each finding that decided, what mends it. */
export function renderGate(report: GateReport, isShown: (severity: Severity) => boolean): string {
  const images = report.images.map((image) => renderImage(image, report.failOn, isShown))
  const { unusedRules = [], endedRules = [] } = report
  const notes = [
    ...endedRules.map((rule) => `${nameOf(rule)} ended on ${rule.until}: its findings count again`),
    ...unusedRules.map((rule) => `${nameOf(rule)} matched nothing`),
  ]
  return [...images, ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n')
}

function nameOf({ number, line, owner }: RuleUse): string {
  return `rule ${number} (line ${line}, ${visible(owner)})`
}

function renderImage(
  { reference, target, state, verdict }: JudgedImage,
  failOn: Threshold,
  isShown: (severity: Severity) => boolean,
): string {
  const platform = target?.platform === undefined ? '' : `  ${target.platform}`
  const head = `${reference}  ${target?.digest.slice(0, 19) ?? ''}…${platform}  ${dataAge(state)}`
  const findings = state === undefined || state.kind === 'running' ? [] : state.findings
  const decisive = new Set(verdict.kind === 'fail' ? verdict.because : [])
  const shown = findings
    .filter((finding) => decisive.has(finding) || isShown(finding.severity))
    .toSorted((a, b) => rank(a.severity) - rank(b.severity))
  const table =
    shown.length === 0
      ? []
      : [
          indent(
            renderTable(
              ['', 'SEVERITY', 'ID', 'PACKAGE', 'FIX', 'WHERE'],
              shown.map((finding) => row(finding, decisive)),
            ),
          ),
        ]
  const held = heldIn(state)
  const told = conclusion(verdict, findings.length, failOn, {
    uncovered: unseen(state),
    held: held.length,
  })
  return [head, ...table, ...renderHeld(held), `  ${told}`].join('\n')
}

function heldIn(state: ScanState | undefined): readonly HeldFinding[] {
  return state === undefined || state.kind === 'running' ? [] : (state.suppressed ?? [])
}

/** What a rule holds back is listed too: nobody takes it for gone. */
function renderHeld(held: readonly HeldFinding[]): readonly string[] {
  if (held.length === 0) return []
  const rows = held.map(
    ({ vulnerability, severity, packageName, packageVersion, suppression }) => ({
      vulnerability,
      severity,
      package: { name: packageName, version: packageVersion },
      suppression,
    }),
  )
  return [`  ${held.length} not counted:`, indent(renderSuppressed(rows))]
}

function row(finding: GateFinding, decisive: ReadonlySet<GateFinding>): readonly string[] {
  return [
    decisive.has(finding) ? '✗' : '·',
    finding.severity,
    finding.vulnerability,
    `${finding.packageName} ${finding.packageVersion}`,
    finding.fixedVersion === undefined ? 'none known' : `→ ${finding.fixedVersion}`,
    whereOf(finding),
  ]
}

function conclusion(
  verdict: GateVerdict,
  count: number,
  failOn: Threshold,
  { uncovered, held }: { readonly uncovered: string | undefined; readonly held: number },
): string {
  switch (verdict.kind) {
    case 'fail': {
      const number = verdict.because.length
      const fixable = verdict.because.filter(
        ({ fixedVersion }) => fixedVersion !== undefined,
      ).length
      const fix = fixable === 0 ? 'No fix is known yet.' : `${fixable} can be mended by an update.`
      const unrated = verdict.because.filter(({ severity }) => severity === 'UNDEFINED').length
      const doubt =
        unrated === 0
          ? ''
          : ` (${unrated} of undefined severity; --undefined-severity allow lets those pass)`
      const rest = uncovered === undefined ? '' : ` Besides, ${visible(uncovered)}.`
      return `NO: ${number} ${number === 1 ? 'finding' : 'findings'} at or above ${failOn.toUpperCase()}${doubt}. ${fix}${rest}`
    }
    case 'cannotTell':
      return `CANNOT TELL: ${visible(verdict.reason)}`
    case 'pass':
      return `PASS: ${whatPassed(count, failOn, held)}${verdict.note === undefined ? '' : ` (${visible(verdict.note)})`}`
  }
}

function whatPassed(count: number, failOn: Threshold, held: number): string {
  if (count === 0) return held === 0 ? 'no findings' : 'no findings that count'
  const findings = `${count} ${count === 1 ? 'finding' : 'findings'}`
  return failOn === 'none'
    ? `${findings}, which --fail-on none lets pass`
    : `${findings}, none at or above ${failOn.toUpperCase()}`
}

/** Why the source cannot speak for all of the image. */
function unseen(state: ScanState | undefined): string | undefined {
  return state?.kind === 'unavailable' ? state.reason : undefined
}

function dataAge(state: ScanState | undefined): string {
  if (state?.kind !== 'scanned' || state.dataUpdatedAt === undefined) return 'age of data unknown'
  return `data ${age((new Date().getTime() - state.dataUpdatedAt.getTime()) / 1000)} old`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
