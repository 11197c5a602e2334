// Findings that are not counted: who says so, why, and until when.
import { renderTable } from './output.ts'

/** As the server writes it. */
export interface SuppressedFinding {
  readonly vulnerability: string
  readonly severity: string
  readonly package: { readonly name: string; readonly version: string }
  readonly suppression: SuppressionFacts
}

/** One of an image of the registry. */
export interface StoredSuppressedFinding extends SuppressedFinding {
  readonly fixedVersion?: string
  readonly paths: readonly string[]
  readonly layerDigest: string
  readonly url: string
  readonly summary?: string
  readonly score?: number
}

interface SuppressionFacts {
  readonly kind: string
  readonly by: string
  readonly reason?: string
  readonly until?: string
  readonly status?: string
  readonly justification?: string
  readonly impact?: string
  readonly document?: { readonly id: string }
}

/** Each with a line of its own. */
export function renderSuppressed(findings: readonly SuppressedFinding[]): string {
  const rows = findings.map(({ vulnerability, severity, package: found, suppression }) => [
    severity,
    vulnerability,
    `${found.name} ${found.version}`,
    suppression.kind,
    suppression.by,
    suppression.until ?? '',
    whyOf(suppression),
  ])
  return renderTable(['SEVERITY', 'ID', 'PACKAGE', 'NOT COUNTED', 'BY', 'UNTIL', 'WHY'], rows)
}

function whyOf({ reason, status, justification, impact, document }: SuppressionFacts): string {
  if (reason !== undefined) return reason
  if (status === undefined) return ''
  const why = [status, justification ?? impact].filter((part) => part !== undefined).join(': ')
  return document === undefined ? why : `${why} (${document.id})`
}

/** What speaks against the finding, and who says so, in the order of the server's answer. */
export function reasonOf(suppression: SuppressionFacts): string {
  return Object.entries(suppression)
    .flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string' ? [`${key}: ${value}`] : [],
    )
    .join('; ')
}
