// Purpose:  the gate's answer where pipelines show tests: one case for each finding that a policy speaks of, and for each clause that is met.
// Spec:     JUnit's XML as Jenkins reads it: testsuites, testsuite, testcase with failure, error or skipped.
// Input:    images that were judged; names in them are hostile.
// Deviates: a warning is a case that passes, with its text as output.
// Unknowns: what cannot be told is an error, which is no failure and no success.
import type { AdmissionPolicy } from '../../../src/admission/rules/admission-policy.ts'
import { reasonCodes, type Reason } from '../../../src/admission/rules/reason.ts'
import type { JudgedImage } from '../judge-reference.ts'
import type { GateReport } from '../report.ts'

interface Case {
  readonly name: string
  readonly className: string
  readonly kind: 'passed' | 'warned' | 'failed' | 'untold' | 'exempted'
  readonly text: string
}

export function writeJunit(report: GateReport, policies: readonly AdmissionPolicy[]): string {
  const suites = report.images.map((image) => renderSuite(image, policies))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="pratique gate">',
    ...suites,
    '</testsuites>',
  ].join('\n')
}

function renderSuite(image: JudgedImage, policies: readonly AdmissionPolicy[]): string {
  const cases = casesOf(image, policies)
  const count = (kind: Case['kind']): number => cases.filter((one) => one.kind === kind).length
  const attributes = [
    ['name', image.reference],
    ['tests', String(cases.length)],
    ['failures', String(count('failed'))],
    ['errors', String(count('untold'))],
    ['skipped', String(count('exempted'))],
  ] as const
  return [element('  ', 'testsuite', attributes), ...cases.map(renderCase), '  </testsuite>'].join(
    '\n',
  )
}

function casesOf(image: JudgedImage, policies: readonly AdmissionPolicy[]): readonly Case[] {
  const { reasons } = image.decision
  const lenient = new Set(policies.filter(({ mode }) => mode === 'warn').map(({ name }) => name))
  const told = reasons.flatMap((reason) => caseOf(image, asJudged(reason, lenient)) ?? [])
  const spoken = new Set(reasons.filter(({ outcome }) => outcome !== 'info').map(clauseOf))
  const met = policies
    .flatMap((policy) => clausesOf(policy).map((clause) => `${policy.name}/${clause}`))
    .filter((clause) => !spoken.has(clause))
    .map((name): Case => ({ name, className: image.reference, kind: 'passed', text: '' }))
  return [...told, ...met]
}

/** What a policy that only warns denies is a warning. */
function asJudged(reason: Reason, lenient: ReadonlySet<string>): Reason {
  const isLowered = reason.outcome === 'deny' && lenient.has(reason.policy ?? '')
  return isLowered ? { ...reason, outcome: 'warn' } : reason
}

function clauseOf({ policy = '', rule = '' }: Reason): string {
  return `${policy}/${rule}`
}

/** The scan itself is a clause: that it is there, and whole. */
function clausesOf({ rules, require }: AdmissionPolicy): readonly string[] {
  const asked = [
    ['require.signature', require.signature],
    ['require.provenance', require.provenance],
    ['require.maxDataAge', require.maxDataAgeMs],
    ['require.maxImageAge', require.maxImageAgeMs],
    ['require.tagMutability', require.tagMutability],
    ['require.digest', require.digest],
  ] as const
  return [
    'unknown',
    ...rules.map(({ id }) => id),
    ...asked.flatMap(([name, value]) => (value === undefined ? [] : [name])),
  ]
}

function caseOf({ reference }: JudgedImage, reason: Reason): Case | undefined {
  const { code, outcome, finding, platform, message, exemptedBy, remedy } = reason
  if (outcome === 'info' && exemptedBy === undefined) return undefined
  const place = platform === undefined ? reference : `${reference} ${platform}`
  const what =
    finding === undefined
      ? code
      : `${finding.vulnerability} ${finding.package.name} ${finding.package.version}${finding.path === undefined ? '' : ` ${finding.path}`}`
  const by =
    exemptedBy === undefined
      ? []
      : [`exempted by ${exemptedBy.owner} until ${exemptedBy.until}: ${exemptedBy.reason}`]
  const fix = remedy === undefined ? [] : [`fix: ${remedy.command ?? remedy.text}`]
  return {
    name: `${clauseOf(reason)}: ${what}`,
    className: place,
    kind: kindOf(reason),
    text: [message, ...by, ...fix].join('\n'),
  }
}

function kindOf({ code, outcome, exemptedBy }: Reason): Case['kind'] {
  if (exemptedBy !== undefined) return 'exempted'
  if (outcome === 'warn') return 'warned'
  return reasonCodes[code] === 'unknown' ? 'untold' : 'failed'
}

function renderCase({ name, className, kind, text }: Case): string {
  const open = element('    ', 'testcase', [
    ['classname', className],
    ['name', name],
  ])
  const inner = renderResult(kind, text)
  return inner === undefined ? open.replace(/>$/, '/>') : `${open}\n      ${inner}\n    </testcase>`
}

function renderResult(kind: Case['kind'], text: string): string | undefined {
  const message = escapeXml(text.split('\n', 1)[0] ?? '')
  const body = escapeXml(text)
  switch (kind) {
    case 'passed':
      return undefined
    case 'warned':
      return `<system-out>${body}</system-out>`
    case 'failed':
      return `<failure type="violation" message="${message}">${body}</failure>`
    case 'untold':
      return `<error type="unknown" message="${message}">${body}</error>`
    case 'exempted':
      return `<skipped message="${escapeXml(text.replaceAll('\n', '; '))}"/>`
  }
}

function element(
  indent: string,
  name: string,
  attributes: readonly (readonly [name: string, value: string])[],
): string {
  const written = attributes.map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('')
  return `${indent}<${name}${written}>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** XML 1.0 has no place at all for most control characters, and for half of a pair. */
function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- exactly these are no characters of XML
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
      .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
  )
}
