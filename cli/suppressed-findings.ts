// Findings that are not counted: who says so, why, and until when.
import { renderTable } from './output.ts'

/** As the server writes it. */
export interface SuppressedFinding {
  readonly vulnerability: string
  readonly severity: string
  readonly package: { readonly name: string; readonly version: string }
  readonly suppression: SuppressionFacts
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
