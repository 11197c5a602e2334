// Purpose:  is an image looked after, and if not, why?
// Spec:     Amazon Inspector2 API Reference, ScanStatus: ScanStatusCode and ScanStatusReason.
// Input:    what is known of the image's scan, and how often its repository is scanned.
// Deviates: an image that was read by an earlier version of the scanner is ACTIVE with STALE_INVENTORY until it is read again.
// Unknowns: an image that could not be judged is INACTIVE with the reason: it never looks like one that was.
import type { ScanFrequency } from './scanning-rules.ts'

export interface Coverage {
  readonly statusCode: 'ACTIVE' | 'INACTIVE'
  readonly reason:
    | 'PENDING_INITIAL_SCAN'
    | 'SCAN_IN_PROGRESS'
    | 'SUCCESSFUL'
    | 'STALE_INVENTORY'
    | 'UNSUPPORTED_OS'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'NO_INVENTORY'
    | 'INTERNAL_ERROR'
    | 'SCAN_ELIGIBILITY_EXPIRED'
    | 'SCAN_FREQUENCY_MANUAL'
    | 'SCAN_FREQUENCY_SCAN_ON_PUSH'
}

interface ScanFacts {
  readonly status: string
  readonly hasEnded: boolean
  readonly hasLeft: boolean
  readonly engine: string | undefined
  readonly wasJudged: boolean
  readonly hasPackages: boolean
}

export function coverageOf(
  scan: ScanFacts | undefined,
  { frequency, engine }: { readonly frequency: ScanFrequency; readonly engine: string },
): Coverage {
  if (scan === undefined)
    return frequency === 'MANUAL'
      ? inactive('SCAN_FREQUENCY_MANUAL')
      : active('PENDING_INITIAL_SCAN')
  if (scan.status === 'IN_PROGRESS') return active('SCAN_IN_PROGRESS')
  if (scan.status === 'PENDING') return active('PENDING_INITIAL_SCAN')
  if (scan.status === 'FAILED') return inactive('INTERNAL_ERROR')
  if (scan.status === 'UNSUPPORTED_IMAGE') return inactive(whyUnsupported(scan))
  if (scan.hasLeft) return inactive('SCAN_ELIGIBILITY_EXPIRED')
  if (frequency === 'MANUAL') return inactive('SCAN_FREQUENCY_MANUAL')
  if (frequency === 'SCAN_ON_PUSH') return inactive('SCAN_FREQUENCY_SCAN_ON_PUSH')
  return active(scan.engine === engine ? 'SUCCESSFUL' : 'STALE_INVENTORY')
}

function whyUnsupported({ wasJudged, hasPackages }: ScanFacts): Coverage['reason'] {
  if (!wasJudged) return 'UNSUPPORTED_MEDIA_TYPE'
  return hasPackages ? 'UNSUPPORTED_OS' : 'NO_INVENTORY'
}

function active(reason: Coverage['reason']): Coverage {
  return { statusCode: 'ACTIVE', reason }
}

function inactive(reason: Coverage['reason']): Coverage {
  return { statusCode: 'INACTIVE', reason }
}
