import { age, renderTable, visible } from '../output.ts'
import type { GateFinding, ScanState, Severity, Target } from './findings.ts'
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
}

/** For a person: each image, each finding that decided, what mends it. */
export function renderGate(report: GateReport, isShown: (severity: Severity) => boolean): string {
  return report.images.map((image) => renderImage(image, report.failOn, isShown)).join('\n\n')
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
  return [head, ...table, `  ${conclusion(verdict, findings.length, failOn, unseen(state))}`].join(
    '\n',
  )
}

function row(finding: GateFinding, decisive: ReadonlySet<GateFinding>): readonly string[] {
  return [
    decisive.has(finding) ? '✗' : '·',
    finding.severity,
    finding.vulnerability,
    `${finding.packageName} ${finding.packageVersion}`,
    finding.fixedVersion === undefined ? 'none known' : `→ ${finding.fixedVersion}`,
    finding.path ?? '',
  ]
}

function conclusion(
  verdict: GateVerdict,
  count: number,
  failOn: Threshold,
  uncovered: string | undefined,
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
    case 'pass': {
      const clean =
        count === 0
          ? 'no findings'
          : `${count} ${count === 1 ? 'finding' : 'findings'}, ${failOn === 'none' ? 'which --fail-on none lets pass' : `none at or above ${failOn.toUpperCase()}`}`
      return `PASS: ${clean}${verdict.note === undefined ? '' : ` (${visible(verdict.note)})`}`
    }
  }
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
