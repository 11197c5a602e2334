import { reasonCodes, type Reason } from '../../src/admission/rules/reason.ts'
import { age, renderTable, visible } from '../output.ts'
import { renderSuppressed } from '../suppressed-findings.ts'
import type { ScanState } from './findings.ts'
import {
  compareFindings,
  whereOf,
  type GateFinding,
  type HeldFinding,
  type Severity,
} from './gate-finding.ts'
import { verdictOf, type JudgedImage, type JudgedPlatform } from './judge-reference.ts'
import type { RuleUse } from './suppress.ts'

export interface GateReport {
  readonly images: readonly JudgedImage[]
  /** Names. */
  readonly policies: readonly string[]
  /** In words, where the flags are all there is: `at or above HIGH`. */
  readonly threshold: string | undefined
  readonly judgedAt: Date
  /** Of a file of rules: those that matched nothing, and those that are over and would have. */
  readonly unusedRules: readonly RuleUse[]
  readonly endedRules: readonly RuleUse[]
}

/** The finding of a reason, as its source told it. */
export function sourceOf(
  { platforms }: Pick<JudgedImage, 'platforms'>,
  { finding }: Reason,
): GateFinding | undefined {
  if (finding === undefined) return undefined
  for (const { sources } of platforms) {
    const source = sources.get(finding)
    if (source !== undefined) return source
  }
  return undefined
}

/** What the findings of an image mean: by finding the strongest reason that is about it. */
export function marksOf({ decision, platforms }: JudgedImage): ReadonlyMap<GateFinding, Reason> {
  const marks = new Map<GateFinding, Reason>()
  for (const reason of decision.reasons) {
    const source = sourceOf({ platforms }, reason)
    const known = source === undefined ? undefined : marks.get(source)
    if (source === undefined) continue
    if (known === undefined || weight(reason) < weight(known)) marks.set(source, reason)
  }
  return marks
}

function weight({ outcome }: Reason): number {
  return ['deny', 'warn', 'info'].indexOf(outcome)
}

export function findingsOfState(state: ScanState): readonly GateFinding[] {
  return state.kind === 'running' ? [] : state.findings.toSorted(compareFindings)
}

export function heldInState(state: ScanState): readonly HeldFinding[] {
  return state.kind === 'running' ? [] : (state.suppressed ?? [])
}

/** For a person: each image, each finding that decided, what mends it. */
export function renderGate(report: GateReport, isShown: (severity: Severity) => boolean): string {
  const images = report.images.map((image) => renderImage(image, report, isShown))
  const { unusedRules, endedRules } = report
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
  image: JudgedImage,
  report: GateReport,
  isShown: (severity: Severity) => boolean,
): string {
  const marks = marksOf(image)
  const platforms = image.platforms.map((platform) =>
    renderPlatform(image, platform, { marks, isShown, judgedAt: report.judgedAt }),
  )
  const head =
    platforms.length > 0 ? [] : [`${image.reference}  ${image.digest.slice(0, 19)}…  no platform`]
  const others = image.decision.reasons
    .filter((reason) => isTold(reason))
    .map((reason) => `  ${renderReason(reason)}`)
  const only =
    image.onlyPlatform === undefined
      ? []
      : [`  only ${image.onlyPlatform} was looked at (--platform)`]
  return [...head, ...platforms, ...others, ...only, `  ${conclusionOf(image, report)}`].join('\n')
}

/** Findings have their table, and what cannot be told is the conclusion. */
function isTold({ code, finding, outcome }: Reason): boolean {
  if (finding !== undefined) return false
  return code !== 'coverage-note' && !(outcome === 'deny' && reasonCodes[code] === 'unknown')
}

const signs = { deny: '✗', warn: '!', info: '·' } as const

function renderReason({ outcome, code, message, policy, remedy, exemptedBy }: Reason): string {
  const by =
    exemptedBy === undefined ? '' : `; exempted by ${exemptedBy.owner} until ${exemptedBy.until}`
  const fix =
    remedy === undefined || outcome === 'info' ? '' : `. Fix: ${remedy.command ?? remedy.text}`
  const of = policy === undefined ? '' : `, ${policy}`
  return visible(`${signs[outcome]} ${message} (${code}${of})${by}${fix}`)
}

function renderPlatform(
  image: JudgedImage,
  { target, state }: JudgedPlatform,
  {
    marks,
    isShown,
    judgedAt,
  }: {
    readonly marks: ReadonlyMap<GateFinding, Reason>
    readonly isShown: (severity: Severity) => boolean
    readonly judgedAt: Date
  },
): string {
  const platform = target.platform === undefined ? '' : `  ${visible(target.platform)}`
  const head = `${image.reference}  ${target.digest.slice(0, 19)}…${platform}  ${dataAge(state, judgedAt)}`
  const shown = findingsOfState(state).filter(
    (finding) => decides(marks.get(finding)) || isShown(finding.severity),
  )
  const rows = shown.map((finding) => row(finding, marks.get(finding)))
  const header = ['', 'SEVERITY', 'ID', 'PACKAGE', 'FIX', 'WHERE']
  const table = rows.length === 0 ? [] : [indent(renderTable(header, rows))]
  return [head, ...table, ...renderHeld(heldInState(state))].join('\n')
}

function decides(reason: Reason | undefined): boolean {
  return reason !== undefined && reason.outcome !== 'info'
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

function row(finding: GateFinding, reason: Reason | undefined): readonly string[] {
  return [
    signOf(reason),
    finding.severity,
    finding.vulnerability,
    `${finding.packageName} ${finding.packageVersion}`,
    finding.fixedVersion === undefined ? fixWords(finding) : `→ ${finding.fixedVersion}`,
    [whereOf(finding), remarkOn(reason)].filter((part) => part !== '').join(' '),
  ]
}

function signOf(reason: Reason | undefined): string {
  if (reason === undefined) return signs.info
  return reason.outcome !== 'info' && reasonCodes[reason.code] === 'unknown'
    ? '?'
    : signs[reason.outcome]
}

function fixWords({ fix }: GateFinding): string {
  return fix.kind === 'unknown' ? 'not told' : 'none known'
}

function remarkOn(reason: Reason | undefined): string {
  if (reason?.exemptedBy !== undefined) {
    const { owner, until, reason: why } = reason.exemptedBy
    return `(exempted by ${owner} until ${until}: ${why})`
  }
  if (reason?.code === 'in-grace') return `(${reason.message.split(' counts ')[1] ?? 'in grace'})`
  return ''
}

function conclusionOf(image: JudgedImage, report: GateReport): string {
  const { decision } = image
  const against = decision.reasons.filter(({ outcome }) => outcome === 'deny')
  const untold = against.filter(({ code }) => reasonCodes[code] === 'unknown')
  switch (verdictOf(decision)) {
    case 'deny':
      return renderNo(image, report, { against, untold })
    case 'unknown':
      return `CANNOT TELL: ${untoldText(untold)}`
    case 'warn':
      return `PASS, with warnings: ${whatIsWarnedOf(image)}`
    case 'allow':
      return `PASS: ${whatPassed(image, report)}${noteOf(image)}`
  }
}

/** Each once, with its platforms. */
function untoldText(untold: readonly Reason[]): string {
  const groups = Map.groupBy(untold, ({ code, message, finding }) =>
    finding === undefined ? message : code,
  )
  const parts = [...groups].map(([key, reasons]) => {
    const [first] = reasons
    const platforms = [...new Set(reasons.flatMap(({ platform }) => platform ?? []))]
    const of = platforms.length === 0 ? '' : `${platforms.join(', ')}: `
    const more = reasons.length - 1
    if (first?.finding === undefined) return `${of}${key}`
    return more === 0
      ? `${of}${first.message}`
      : `${of}${first.message}, and ${more} more such findings`
  })
  return visible(parts.join('; '))
}

function renderNo(
  image: JudgedImage,
  report: GateReport,
  { against, untold }: { readonly against: readonly Reason[]; readonly untold: readonly Reason[] },
): string {
  const found = new Set(
    against.flatMap((reason) => (reason.code === 'finding' ? (sourceOf(image, reason) ?? []) : [])),
  )
  const others = against.filter(
    ({ code }) => reasonCodes[code] === 'violation' && code !== 'finding',
  )
  const parts = [
    ...(found.size === 0
      ? []
      : [`${counted(found.size)} ${whichFindings(report)}${doubt([...found], report)}`]),
    ...(others.length === 0 ? [] : [others.map(({ message }) => message).join('; ')]),
  ]
  const fixable = [...found].filter(({ fix }) => fix.kind === 'available').length
  const fix =
    found.size === 0
      ? ''
      : fixable === 0
        ? ' No fix is known yet.'
        : ` ${fixable} can be mended by an update.`
  const besides = untold.length === 0 ? '' : ` Besides, ${untoldText(untold)}.`
  return `NO: ${visible(parts.join('; '))}.${fix}${besides}`
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'finding' : 'findings'}`
}

function whichFindings({ threshold, policies }: GateReport): string {
  return (
    threshold ?? `that ${policies.join(' and ')} ${policies.length === 1 ? 'does' : 'do'} not allow`
  )
}

function doubt(found: readonly GateFinding[], { threshold }: GateReport): string {
  const unrated = found.filter(({ severity }) => severity === 'UNDEFINED').length
  if (unrated === 0 || threshold === undefined) return ''
  return ` (${unrated} of undefined severity; --undefined-severity allow lets those pass)`
}

function whatPassed({ platforms }: JudgedImage, { threshold }: GateReport): string {
  const count = platforms.reduce((sum, { state }) => sum + findingsOfState(state).length, 0)
  const held = platforms.reduce((sum, { state }) => sum + heldInState(state).length, 0)
  if (count === 0) return held === 0 ? 'no findings' : 'no findings that count'
  return threshold === undefined
    ? `${counted(count)}, none that the policy denies`
    : `${counted(count)}, none ${threshold}`
}

/** A policy may only warn: then what it denies is among these. */
function whatIsWarnedOf({ platforms, decision }: JudgedImage): string {
  const count = platforms.reduce((sum, { state }) => sum + findingsOfState(state).length, 0)
  const told = decision.reasons.filter(({ outcome }) => outcome !== 'info').length
  return `${counted(count)}, ${told} ${told === 1 ? 'reason' : 'reasons'} to look at`
}

function noteOf({ decision }: JudgedImage): string {
  const notes = decision.reasons.filter(({ code }) => code === 'coverage-note')
  return notes.length === 0 ? '' : ` (${visible(notes.map(({ message }) => message).join('; '))})`
}

function dataAge(state: ScanState, judgedAt: Date): string {
  if (state.kind !== 'scanned' || state.dataUpdatedAt === undefined) return 'age of data unknown'
  return `data ${age((judgedAt.getTime() - state.dataUpdatedAt.getTime()) / 1000)} old`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
