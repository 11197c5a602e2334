// What the server says of a directory or an archive, for a person and for SARIF.
import { severities } from '../gate/gate-finding.ts'
import { secretLines, type LayerSecret } from '../layer-secrets.ts'
import { renderTable } from '../output.ts'
import type { SarifFinding, ScannedImage } from '../sarif/scanned-image.ts'
import { reasonOf, renderSuppressed, type SuppressedFinding } from '../suppressed-findings.ts'
import { renderExplanation, type Explanation } from './scan-explanation.ts'

/** The server's answer about a directory or an archive. */
export interface ArchiveReport {
  readonly images: readonly ArchiveImage[]
}

interface ArchiveImage {
  readonly name?: string
  readonly platform?: string
  readonly digest?: string
  readonly status: 'scanned' | 'failed' | 'unsupported'
  readonly reason?: string
  readonly coverage: readonly string[]
  readonly packages: number
  readonly findings: readonly ArchiveFinding[]
  readonly suppressed: readonly (ArchiveFinding & SuppressedFinding)[]
  readonly explanation?: Explanation
  readonly secrets?: readonly LayerSecret[]
}

interface ArchiveFinding {
  readonly vulnerability: string
  readonly severity: string
  readonly score?: number
  readonly package: { readonly name: string; readonly version: string; readonly path: string }
  readonly fixedVersion?: string
  readonly layer: string
  readonly url: string
  readonly summary?: string
}

/** `path` is what was scanned: an archive's images have names of their own only where it says them. */
export function imageOfArchive(path: string, image: ArchiveImage): ScannedImage {
  const { status, reason = 'no reason given' } = image
  return {
    name: image.name ?? path,
    digest: image.digest,
    platform: image.platform,
    gap: status === 'scanned' ? undefined : `${status}: ${reason}`,
    notes: image.coverage,
    findings: [
      ...image.findings.map(findingOf),
      ...image.suppressed.map((finding) => ({
        ...findingOf(finding),
        suppressed: reasonOf(finding.suppression),
      })),
    ],
  }
}

function findingOf({ severity, package: found, ...finding }: ArchiveFinding): SarifFinding {
  return {
    vulnerability: finding.vulnerability,
    severity: severities.find((word) => word === severity) ?? 'UNDEFINED',
    packageName: found.name,
    packageVersion: found.version,
    fixedVersion: finding.fixedVersion,
    path: found.path,
    layer: finding.layer,
    url: finding.url,
    score: finding.score,
    summary: finding.summary,
  }
}

export function findingTable(rows: readonly (readonly string[])[]): string {
  return rows.length === 0
    ? '  no findings'
    : renderTable(['SEVERITY', 'ID', 'PACKAGE', 'FIX', 'WHERE'], rows)
}

/** `isListed`: whether what is not counted is listed, or only counted. */
export function renderArchiveImage(image: ArchiveImage, isListed: boolean): string {
  const head = [image.name, image.platform, `${image.packages} packages`]
    .filter((part) => part !== undefined)
    .join('  ')
  if (image.explanation !== undefined) return renderExplanation(head, image.explanation)
  const rows = image.findings.map((finding) => [
    finding.severity,
    finding.vulnerability,
    `${finding.package.name} ${finding.package.version}`,
    finding.fixedVersion ?? 'none known',
    finding.package.path,
  ])
  const notes = image.coverage.map((entry) => `\n  note: ${entry}`)
  const isScanned = image.status === 'scanned'
  const table = isScanned || rows.length > 0 ? `\n${findingTable(rows)}` : ''
  const verdict = isScanned ? '' : `\n  ${image.status}: ${image.reason ?? 'no reason given'}`
  const { length } = image.suppressed
  const counted = length === 0 ? '' : `\n  ${length} not counted: --show-suppressed lists them`
  const apart = isListed ? `\n${apartOf(image.suppressed)}` : counted
  return head + table + apart + verdict + secretLines(image.secrets) + notes.join('')
}

export function apartOf(suppressed: readonly SuppressedFinding[]): string {
  return suppressed.length === 0
    ? '  nothing is held back'
    : `  ${suppressed.length} not counted:\n${renderSuppressed(suppressed)}`
}
