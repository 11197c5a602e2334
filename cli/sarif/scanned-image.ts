// What a SARIF log is written from: an image, what was found in it, and what nobody can say of it.
import { severities, type GateFinding, type ScanState, type Target } from '../gate/findings.ts'
import { reasonOf, type StoredSuppressedFinding } from '../suppressed-findings.ts'
import type { JudgedImage } from '../gate/report.ts'

export interface ScannedImage {
  /** A reference, a file or a directory. */
  readonly name: string
  readonly digest: string | undefined
  readonly platform: string | undefined
  /** Why the findings are not all that there may be; undefined: the whole image was judged. */
  readonly gap: string | undefined
  /** What the answer does not speak about, in a scan that is whole. */
  readonly notes: readonly string[]
  readonly findings: readonly SarifFinding[]
}

export interface SarifFinding extends Omit<
  GateFinding,
  'aliases' | 'packageType' | 'purl' | 'remark'
> {
  readonly score?: number | undefined
  readonly summary?: string | undefined
  /** Of a finding that is listed apart: why. */
  readonly suppressed?: string | undefined
}

/** An image of a registry, as its scan tells of it; `apart`: what the server holds back. */
export function imageOfState(
  name: string,
  { target, state }: { readonly target: Target; readonly state: ScanState },
  apart: readonly StoredSuppressedFinding[] = [],
): ScannedImage {
  const image = { name, digest: target.digest, platform: target.platform, notes: [] }
  if (state.kind === 'running')
    return { ...image, gap: `the scan is ${state.status}`, findings: [] }
  const held = (state.suppressed ?? []).map((finding) => ({
    ...finding,
    suppressed: reasonOf(finding.suppression),
  }))
  const findings = [...state.findings, ...held, ...apart.map(findingApart)]
  switch (state.kind) {
    case 'unavailable':
      return { ...image, gap: `${state.status}: ${state.reason}`, findings }
    case 'scanned': {
      const notes = state.note === undefined ? [] : [state.note]
      return { ...image, gap: undefined, notes, findings }
    }
  }
}

function findingApart({
  package: found,
  paths,
  ...finding
}: StoredSuppressedFinding): SarifFinding {
  return {
    vulnerability: finding.vulnerability,
    severity: severities.find((word) => word === finding.severity) ?? 'UNDEFINED',
    packageName: found.name,
    packageVersion: found.version,
    fixedVersion: finding.fixedVersion,
    path: paths[0],
    layer: finding.layerDigest,
    url: finding.url,
    score: finding.score,
    summary: finding.summary,
    suppressed: reasonOf(finding.suppression),
  }
}

/** An image as the gate judged it; one that cannot be told is not whole, even where its scan is. */
export function imageOfJudged({ reference, target, state, verdict }: JudgedImage): ScannedImage {
  const reason = verdict.kind === 'cannotTell' ? verdict.reason : undefined
  if (target === undefined || state === undefined) {
    const image = { name: reference, digest: undefined, platform: undefined }
    return { ...image, gap: reason ?? 'there is no scan', notes: [], findings: [] }
  }
  const image = imageOfState(reference, { target, state })
  return { ...image, gap: image.gap ?? reason }
}
