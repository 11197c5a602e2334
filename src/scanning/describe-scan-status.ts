// Purpose:  say in ECR's words how far the scan of an image is and what it does not speak about.
// Spec:     Amazon ECR API, ImageScanStatus; the waiter ImageScanComplete of the SDKs, which ends at COMPLETE or FAILED.
// Input:    what is known of the image's scan and how its repository is scanned.
// Deviates: findings are always those of the newest data, whatever the scan frequency, but for SCAN_ELIGIBILITY_EXPIRED; the description tells of which data they are. A scan that failed or cannot speak for the whole image says so also where it is scanned continuously. Enhanced scanning on push ends in COMPLETE.
// Unknowns: an image that was never scanned has no status: no status is not a clean one.
import { extractorRevision } from './examine-image.ts'
import { describeLeft, type FoundScan } from './find-scan.ts'
import type { ScanStatus } from './image-scan.ts'
import { endOfSupport } from './rules/fix-advice.ts'
import type { ResolvedScanning } from './rules/scanning-rules.ts'
import type { HeldBackCounts } from './summarize-scan.ts'

export interface ScanStatusShape {
  readonly status: ScanStatus | 'ACTIVE' | 'SCAN_ELIGIBILITY_EXPIRED'
  readonly description?: string
}

export function renderScanStatus(
  scan: FoundScan,
  {
    scanning,
    now,
    heldBack,
  }: {
    readonly scanning: ResolvedScanning
    readonly now: Date
    readonly heldBack: HeldBackCounts
  },
): ScanStatusShape {
  const { distribution } = scan
  const parts = [
    describeLeft(scan),
    scan.reason ?? describeNotes(scan),
    distribution === undefined ? undefined : endOfSupport(distribution, now),
    describeHeldBack(heldBack),
    describeEngine(scan),
  ]
  const told = parts.filter((part) => part !== undefined)
  const description = told.length === 0 ? undefined : told.join('. ')
  const status = statusWord(scan, scanning)
  return { status, ...(description === undefined ? {} : { description }) }
}

/** COMPLETE belongs to basic scanning, ACTIVE to an image that enhanced scanning goes on with. */
function statusWord(
  { status, left }: FoundScan,
  { scanType, frequency }: ResolvedScanning,
): ScanStatusShape['status'] {
  if (status !== 'COMPLETE') return status
  if (left !== undefined) return 'SCAN_ELIGIBILITY_EXPIRED'
  return scanType === 'ENHANCED' && frequency === 'CONTINUOUS_SCAN' ? 'ACTIVE' : 'COMPLETE'
}

function describeHeldBack({ vex, rules, filters }: HeldBackCounts): string | undefined {
  if (vex + rules + filters === 0) return undefined
  const parts = [
    ...(vex === 0 ? [] : [`${vex} by VEX statements`]),
    ...(rules === 0 ? [] : [`${rules} by suppression rules`]),
    ...(filters === 0 ? [] : [`${filters} by filters`]),
  ]
  return `Findings not counted: ${parts.join(', ')}`
}

function describeNotes({ status, notes }: FoundScan): string | undefined {
  if (status === 'PENDING') return 'The scan is in the queue.'
  if (status === 'IN_PROGRESS') return 'The scan is running.'
  return notes.length === 0 ? undefined : `Not covered: ${notes.join('; ')}`
}

/** Until the layers are read again the older reading stands. */
function describeEngine({ engine }: FoundScan): string | undefined {
  if (engine === undefined || engine === extractorRevision) return undefined
  return `Read by an earlier version of the scanner (${engine}; now ${extractorRevision}): it is read again in the background`
}
