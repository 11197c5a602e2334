import { describeAdvisories } from '../../../scanning/describe-advisories.ts'
import type { LeftScanning } from '../../../scanning/image-scan.ts'
import { epochSeconds, type EcrDeps } from './call.ts'

/** When the data was imported of which findings are; of an image that left no later than when it did. */
export async function dataDate(
  deps: Pick<EcrDeps, 'database' | 'clock'>,
  left: LeftScanning | undefined,
): Promise<Date | undefined> {
  const { updatedAt } = await describeAdvisories(deps)
  return earlierOf(updatedAt, left)
}

export function earlierOf(
  updatedAt: Date | undefined,
  left: LeftScanning | undefined,
): Date | undefined {
  if (updatedAt === undefined || left === undefined || updatedAt <= left.at) return updatedAt
  return left.at
}

export function renderDataDate(at: Date | undefined): {
  readonly vulnerabilitySourceUpdatedAt?: number
} {
  return at === undefined ? {} : { vulnerabilitySourceUpdatedAt: epochSeconds(at) }
}
