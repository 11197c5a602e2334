// A finding as the gate, scans and SARIF show it, wherever it was read.
import { severityWords, type FindingFacts } from '../../src/admission/rules/evidence.ts'

export const severities = severityWords
export type Severity = (typeof severities)[number]

/** What the source cannot tell is unknown. */
export interface GateFinding extends Pick<FindingFacts, 'epss' | 'kev' | 'fix' | 'firstKnown'> {
  readonly vulnerability: string
  readonly severity: Severity
  readonly packageName: string
  readonly packageVersion: string
  /** Absent when none is known. */
  readonly fixedVersion: string | undefined
  readonly path: string | undefined
  readonly layer: string | undefined
  readonly url: string | undefined
  /** Other ids of the flaw, where the source tells them. */
  readonly aliases: readonly string[]
  /** purl type; undefined where the source does not tell. */
  readonly packageType: string | undefined
  readonly purl: string | undefined
  /** The release that the image is built on, where the source names it: `debian-12`. */
  readonly release?: string
  readonly score: number | undefined
  readonly summary: string | undefined
  /** What people and vendors say of it that does not hold it back. */
  readonly remark: string | undefined
}

/** Where it is, and what is said of it. */
export function whereOf({ path, remark }: Pick<GateFinding, 'path' | 'remark'>): string {
  const said = remark === undefined ? undefined : `(${remark})`
  return [path, said].filter((part) => part !== undefined).join(' ')
}

/** One that a rule, or a VEX document, of the gate's own files holds back. */
export interface HeldFinding extends GateFinding {
  readonly suppression:
    | {
        readonly kind: 'rule'
        readonly by: string
        readonly reason: string
        readonly until: string
        readonly number: number
      }
    | {
        readonly kind: 'vex'
        readonly by: string
        readonly status: string
        readonly justification?: string
        readonly impact?: string
        readonly document: { readonly id: string }
      }
}

/** The worst first, then by name: the order of every list. */
export function compareFindings(a: GateFinding, b: GateFinding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.vulnerability, b.vulnerability) ||
    compareText(a.packageName, b.packageName)
  )
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
