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
    worst: isOpen ? withFlaw(before.worst, body, times) : before.worst,
    because: before.because.includes(cause) ? before.because : [...before.because, cause],
  }
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

function withFlaw(
  worst: readonly DigestFlaw[],
  body: Omit<FindingNotice, 'record'>,
  times: number,
): readonly DigestFlaw[] {
  const known = worst.find(({ vulnerability }) => vulnerability === body.vulnerability)
  const { vulnerability, url } = body
  const flaw: DigestFlaw = {
    vulnerability,
    severity: worse(known?.severity ?? body.severity, body.severity),
    isKev: body.isKev || known?.isKev === true,
    isFixable: body.fixedVersion !== undefined || known?.isFixable === true,
    url,
    findings: (known?.findings ?? 0) + times,
    example: known?.example ?? {
      repository: body.repository,
      digest: body.digest,
      package: `${body.package.name} ${body.package.version}`,
    },
  }
  const others = worst.filter((one) => one !== known)
  return [...others, flaw].toSorted(compareFlaws).slice(0, mostFlaws)
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
