// Purpose:  numbers of findings by severity as bytes that are equal when the numbers are.
// Spec:     none; 32-bit integers, the lowest byte first.
// Input:    numbers of findings, or what they differ by.
// Deviates: nothing.
// Unknowns: bytes of another length are refused.
import { severities, type Severity } from '../../ecosystems/severity.ts'

/** Findings of each severity, and how many of all have a fix that everybody gets. */
export type FindingCounts = Readonly<Record<Severity, number>> & { readonly fixable: number }

/** In the order of the bytes, and of the columns of package_set_counts. */
export const countNames = [...severities, 'fixable'] as const
const width = 4

export const noFindings: FindingCounts = {
  CRITICAL: 0,
  HIGH: 0,
  MEDIUM: 0,
  LOW: 0,
  INFORMATIONAL: 0,
  UNDEFINED: 0,
  fixable: 0,
}

export function packCounts(counts: FindingCounts): Uint8Array {
  return packNumbers(countNames.map((name) => counts[name]))
}

/** What leads from one to the other, packed. */
export function packChange(from: Uint8Array, to: Uint8Array): Uint8Array {
  const before = unpackNumbers(from)
  return packNumbers(unpackNumbers(to).map((count, at) => count - (before[at] ?? 0)))
}

/** In the order of `countNames`. */
export function unpackNumbers(bytes: Uint8Array): readonly number[] {
  if (bytes.length !== countNames.length * width) throw new Error('counts cannot be read')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return countNames.map((_, at) => view.getInt32(at * width, true))
}

function packNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(countNames.length * width)
  const view = new DataView(bytes.buffer)
  for (const [at, count] of numbers.entries()) view.setInt32(at * width, count, true)
  return bytes
}
