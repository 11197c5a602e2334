import type { Place } from '../document.ts'

/** ERROR: it is refused, or does not mean what it says. The words are those of IAM Access Analyzer's ValidatePolicy. */
export type Severity = 'ERROR' | 'SECURITY_WARNING' | 'WARNING' | 'SUGGESTION'

export interface PolicyFinding {
  readonly code: string
  readonly severity: Severity
  /** What is the matter. */
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
  readonly at: Place
}
