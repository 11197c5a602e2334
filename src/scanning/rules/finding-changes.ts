import type { Severity } from '../../ecosystems/severity.ts'

/** What of a finding a change is told by. */
export interface ComparedFinding {
  readonly vulnerability: string
  readonly severity: Severity
  readonly package: { readonly purl: string }
  readonly fix: { readonly version?: string | undefined }
}

export interface ToldFinding {
  readonly vulnerability: string
  /** purl. */
  readonly package: string
  readonly severity: Severity
  readonly fixedVersion?: string
}

export interface ImageFindingChanges {
  readonly opened: readonly ToldFinding[]
  readonly closed: readonly ToldFinding[]
  /** As they are now: of another severity, or mended by another version. */
  readonly changed: readonly ToldFinding[]
}

export const noChanges: ImageFindingChanges = { opened: [], closed: [], changed: [] }

/** What a reader of the first list would see differently in the second: one flaw of one package is one finding. */
export function compareFindings(
  before: readonly ComparedFinding[],
  after: readonly ComparedFinding[],
): ImageFindingChanges {
  const had = new Map(before.map((finding) => [keyOf(finding), toldOf(finding)]))
  const has = new Map(after.map((finding) => [keyOf(finding), toldOf(finding)]))
  const opened: ToldFinding[] = []
  const changed: ToldFinding[] = []
  for (const [key, finding] of has) {
    const former = had.get(key)
    if (former === undefined) opened.push(finding)
    else if (isOther(former, finding)) changed.push(finding)
  }
  const closed = [...had].flatMap(([key, finding]) => (has.has(key) ? [] : [finding]))
  return { opened, closed, changed }
}

export function hasChanges({ opened, closed, changed }: ImageFindingChanges): boolean {
  return opened.length + closed.length + changed.length > 0
}

function keyOf(finding: ComparedFinding): string {
  return `${finding.vulnerability}\n${finding.package.purl}`
}

function toldOf({ vulnerability, severity, package: { purl }, fix }: ComparedFinding): ToldFinding {
  const told = { vulnerability, package: purl, severity }
  return fix.version === undefined ? told : { ...told, fixedVersion: fix.version }
}

function isOther(former: ToldFinding, finding: ToldFinding): boolean {
  return former.severity !== finding.severity || former.fixedVersion !== finding.fixedVersion
}
