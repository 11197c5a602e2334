// Purpose:  many messages as one: how many there were, and the worst by name.
// Spec:     none; docs/notifications.md, "Digests and storms".
// Input:    messages one after another.
// Deviates: nothing.
// Unknowns: an unrated flaw stands behind the rated ones, and is counted.
import { severities, type Severity } from '../../ecosystems/severity.ts'
import type { DigestCause, DigestFlaw, DigestSummary, FindingNotice, NoticeBody } from './notice.ts'

const mostFlaws = 100

/** What a digest counts; nobody has to render a finding for it. */
export type Counted =
  | Exclude<NoticeBody, { readonly kind: 'digest' | 'test' | 'finding' }>
  | Omit<FindingNotice, 'record'>

/** `times`: how many messages of this kind, about other images, it stands for. */
export function addToDigest(
  summary: DigestSummary | undefined,
  body: Counted,
  told: { readonly at: string; readonly cause: DigestCause; readonly times?: number },
): DigestSummary {
  const { at, cause, times = 1 } = told
  const before = summary ?? { ...emptySummary, from: at, to: at }
  const { findings } = before
  const isFinding = body.kind === 'finding'
  const isOpen = isFinding && body.change !== 'CLOSED'
  return {
    from: before.from < at ? before.from : at,
    to: before.to > at ? before.to : at,
    messages: before.messages + times,
    byKind: { ...before.byKind, [body.kind]: (before.byKind[body.kind] ?? 0) + times },
    findings: isFinding ? { ...findings, [body.change]: findings[body.change] + times } : findings,
    bySeverity: isOpen
      ? { ...before.bySeverity, [body.severity]: (before.bySeverity[body.severity] ?? 0) + times }
      : before.bySeverity,
    worst: isOpen ? withFlaw(before.worst, flawOf(body, times)) : before.worst,
    because: before.because.includes(cause) ? before.because : [...before.because, cause],
  }
}

/** What was counted apart, as if it had been told after the first. */
export function mergeDigests(
  before: DigestSummary | undefined,
  added: DigestSummary,
): DigestSummary {
  if (before === undefined) return added
  const { findings } = before
  return {
    from: before.from < added.from ? before.from : added.from,
    to: before.to > added.to ? before.to : added.to,
    messages: before.messages + added.messages,
    byKind: sumOf(before.byKind, added.byKind),
    findings: {
      NEW: findings.NEW + added.findings.NEW,
      CHANGED: findings.CHANGED + added.findings.CHANGED,
      CLOSED: findings.CLOSED + added.findings.CLOSED,
    },
    bySeverity: sumOf(before.bySeverity, added.bySeverity),
    worst: added.worst.reduce(withFlaw, before.worst),
    because: [...new Set([...before.because, ...added.because])],
  }
}

function sumOf<Name extends string>(
  a: Readonly<Partial<Record<Name, number>>>,
  b: Readonly<Partial<Record<Name, number>>>,
): Readonly<Partial<Record<Name, number>>> {
  const sum: Partial<Record<Name, number>> = { ...a }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names of b
  for (const name of Object.keys(b) as Name[]) sum[name] = (a[name] ?? 0) + (b[name] ?? 0)
  return sum
}

const emptySummary: DigestSummary = {
  from: '',
  to: '',
  messages: 0,
  byKind: {},
  findings: { NEW: 0, CHANGED: 0, CLOSED: 0 },
  bySeverity: {},
  worst: [],
  because: [],
}

function flawOf(body: Omit<FindingNotice, 'record'>, times: number): DigestFlaw {
  const { vulnerability, severity, isKev, url, repository, digest } = body
  return {
    vulnerability,
    severity,
    isKev,
    isFixable: body.fixedVersion !== undefined,
    url,
    findings: times,
    example: { repository, digest, package: `${body.package.name} ${body.package.version}` },
  }
}

/** They stay in order: one is put in its place, since sorting all for each message holds up everybody. */
function withFlaw(worst: readonly DigestFlaw[], added: DigestFlaw): readonly DigestFlaw[] {
  const known = worst.find(({ vulnerability }) => vulnerability === added.vulnerability)
  if (known === undefined) return putInPlace(worst, added)
  const others = worst.filter((one) => one !== known)
  return putInPlace(others, {
    ...added,
    severity: worse(known.severity, added.severity),
    isKev: added.isKev || known.isKev,
    isFixable: added.isFixable || known.isFixable,
    findings: known.findings + added.findings,
    example: known.example,
  })
}

function putInPlace(worst: readonly DigestFlaw[], flaw: DigestFlaw): readonly DigestFlaw[] {
  const place = worst.findIndex((one) => compareFlaws(flaw, one) < 0)
  if (place !== -1) return worst.toSpliced(place, 0, flaw).slice(0, mostFlaws)
  return worst.length < mostFlaws ? [...worst, flaw] : worst
}

function worse(a: Severity, b: Severity): Severity {
  return severities.indexOf(a) <= severities.indexOf(b) ? a : b
}

function compareFlaws(a: DigestFlaw, b: DigestFlaw): number {
  return (
    Number(b.isKev) - Number(a.isKev) ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    b.findings - a.findings ||
    (a.vulnerability < b.vulnerability ? -1 : 1)
  )
}
