// Purpose:  does a sink want to be told of this?
// Spec:     docs/notifications.md, "Rules".
// Input:    a rule as parse-sink.ts accepted it, and what is to be told.
// Deviates: nothing.
// Unknowns: an unrated severity is as high as any unless the rule leaves it out; a scan that did not end well is always told.
import { severities, type Severity } from '../../ecosystems/severity.ts'
import { compileGlob } from '../../policy/glob.ts'
import type {
  FindingChange,
  FindingNotice,
  NoticeBody,
  NoticeKind,
  PostureNotice,
  ScanNotice,
} from './notice.ts'

export interface SinkRule {
  readonly kinds: readonly NoticeKind[]
  /** Undefined: whatever its severity. */
  readonly minSeverity: Severity | undefined
  /** What a finding means that nobody has rated. */
  readonly unrated: 'tell' | 'leave-out'
  readonly kevOnly: boolean
  /** EPSS score, from 0 to 1, below which nothing is told; undefined: whatever it is. */
  readonly minEpss: number | undefined
  readonly fixableOnly: boolean
  readonly changes: readonly FindingChange[]
  /** Whole names, `*` for any run of characters; none: all repositories. */
  readonly repositories: readonly string[]
}

/** What of a finding is the same in every image. */
export interface ToldFlaw extends Pick<FindingNotice, 'change' | 'severity' | 'isKev' | 'epss'> {
  readonly previousSeverity?: Severity
  readonly fixedVersion?: string
}

export function wants(rule: SinkRule, body: NoticeBody): boolean {
  if (body.kind === 'digest' || body.kind === 'test') return true
  if (!rule.kinds.includes(body.kind)) return false
  if (body.kind === 'posture') return wantsPosture(rule, body)
  if (body.kind === 'scan-frequency')
    return body.repositories.some(({ name }) => wantsRepository(rule, name))
  if (!wantsRepository(rule, body.repository)) return false
  if (body.kind === 'finding') return wantsFlaw(rule, body)
  return 'status' in body ? wantsScan(rule, body) : true
}

/** Whether such a finding could be told at all, in a repository that the rule names. */
export function wantsFlaw(rule: SinkRule, flaw: ToldFlaw): boolean {
  if (!rule.kinds.includes('finding') || !rule.changes.includes(flaw.change)) return false
  if (rule.kevOnly && !flaw.isKev) return false
  if (rule.minEpss !== undefined && (flaw.epss ?? 0) < rule.minEpss) return false
  if (rule.fixableOnly && flaw.fixedVersion === undefined) return false
  // A finding that leaves the reach of a rule is told once more.
  const { severity, previousSeverity = severity } = flaw
  return reaches(rule, severity) || reaches(rule, previousSeverity)
}

export function wantsRepository({ repositories }: SinkRule, name: string): boolean {
  return repositories.length === 0 || repositories.some((pattern) => globOf(pattern)(name))
}

/** By a severity and nothing else: it is about the registry, and a rule for some repositories is not. A mended rule is told as its failure was. */
function wantsPosture({ minSeverity }: SinkRule, { severity }: PostureNotice): boolean {
  if (minSeverity === undefined || minSeverity === 'UNDEFINED') return true
  const words = {
    critical: 'CRITICAL',
    high: 'HIGH',
    medium: 'MEDIUM',
    low: 'LOW',
    info: 'INFORMATIONAL',
  } as const
  return severities.indexOf(words[severity]) <= severities.indexOf(minSeverity)
}

function wantsScan(rule: SinkRule, { status, counts }: ScanNotice): boolean {
  if (status !== 'COMPLETE' || rule.minSeverity === undefined) return true
  return severities.some((severity) => (counts[severity] ?? 0) > 0 && reaches(rule, severity))
}

function reaches({ minSeverity, unrated }: SinkRule, severity: Severity): boolean {
  if (severity === 'UNDEFINED') return unrated === 'tell'
  if (minSeverity === undefined) return true
  return severities.indexOf(severity) <= severities.indexOf(minSeverity)
}

function globOf(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  return compileGlob([segmentOf(first), ...rest.map(segmentOf)])
}

function segmentOf(text: string): Parameters<typeof compileGlob>[0][0] {
  return { text, ones: undefined }
}
