import { isScanningError, scanningErrors, type ScanningErrorCode } from '../../scanning/errors.ts'
import type { ControlError } from './serve-control.ts'

const statuses = {
  ADVISORIES_BUSY: 409,
  ADVISORIES_UNREADABLE: 400,
  ADVISORIES_LOST: 409,
  ADVISORIES_INTERRUPTED: 409,
  ADVISORY_SOURCE_RESERVED: 400,
  ARCHIVE_UNREADABLE: 400,
} as const satisfies Record<ScanningErrorCode, number>

/** The scanner's refusals as this API writes them: the sentence, and what to do. */
export function spellControlError(error: unknown): ControlError | undefined {
  if (!isScanningError(error)) return undefined
  const { remedy } = scanningErrors[error.code]
  return { status: statuses[error.code], code: error.code, message: `${error.message}. ${remedy}` }
}
