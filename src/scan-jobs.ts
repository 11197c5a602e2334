// What the program does by itself with images: scans, their renewal, and what the passing of time changes.
import type { Foundation } from './foundation.ts'
import { enqueue } from './jobs/queue.ts'
import type { JobHandler } from './jobs/worker.ts'
import type { ImageContent } from './scanning/image-scan.ts'
import { renewalFrom, renewScans, renewScansJob } from './scanning/renew-scans.ts'
import { reviewEligibilityJob } from './scanning/rescan-durations.ts'
import { reviewEligibility } from './scanning/review-eligibility.ts'
import type { RegistryDefaults } from './scanning/rules/scanning-rules.ts'
import { scanUnscanned, scanUnscannedJob } from './scanning/scan-unscanned.ts'
import type { Suppressions } from './scanning/suppressions.ts'
import { tellRuleEndsJob } from './scanning/await-rule-ends.ts'
import { tellRuleEnds } from './scanning/tell-rule-ends.ts'

/** Days are counted: an hour later is soon enough. */
export const scanSchedule = [{ kind: reviewEligibilityJob, everyMs: 3_600_000 }] as const

export function scanJobHandlers(
  defaults: RegistryDefaults,
  foundation: Foundation,
  given: {
    readonly suppressions: Suppressions
    readonly contentOf: (repositoryId: number) => ImageContent
  },
): Readonly<Record<string, JobHandler>> {
  const deps = { ...foundation, ...given, defaults }
  return {
    [reviewEligibilityJob]: (_, options) => reviewEligibility(deps, options),
    [renewScansJob]: (input) => renewScans(deps, input),
    [scanUnscannedJob]: (input, options) => scanUnscanned(deps, input, options),
    [tellRuleEndsJob]: (input, options) => tellRuleEnds(deps, input, options),
  }
}

/** What another version of the scanner read is read again. */
export async function requestRenewals({ database, clock }: Foundation): Promise<void> {
  await database.transaction((tx) => enqueue(tx, renewalFrom(undefined), clock.now()))
}
