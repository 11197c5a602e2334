// What decisions about images are made from, and what the program does by itself with what runs.
import { judgeRunning, judgeRunningJob } from './admission/judge-running.ts'
import type { JudgeDeps } from './admission/judge-images.ts'
import { PoliciesInForce } from './admission/policies-in-force.ts'
import { openCreatedTimes } from './admission/read-created.ts'
import { sweepRunning, sweepRunningJob } from './admission/sweep-running.ts'
import { trustReader } from './admission-trust.ts'
import type { Config } from './config.ts'
import type { Foundation } from './foundation.ts'
import { enqueue, housekeepingPriority } from './jobs/queue.ts'
import type { JobHandler } from './jobs/worker.ts'
import { openImageContent } from './registry/open-image-content.ts'
import type { Suppressions } from './scanning/suppressions.ts'
import { trustPlace } from './trust-jobs.ts'

const hourMs = 3_600_000

export const admissionSchedule = [
  { kind: sweepRunningJob, everyMs: hourMs },
  { kind: judgeRunningJob, everyMs: hourMs },
] as const

/** Nobody waits for a job's decision. */
const jobDeadlineMs = 10_000

/** All but who waits for how long. */
export function judgeDeps(
  config: Pick<Config, 'region' | 'url'>,
  foundation: Pick<Foundation, 'database' | 'blobs' | 'clock'>,
  suppressions: Suppressions,
): Omit<JudgeDeps, 'deadlineMs' | 'onFault'> {
  const { database, blobs, clock } = foundation
  return {
    reader: database,
    clock,
    suppressions,
    contentOf: (id) => openImageContent({ reader: database, blobs }, id),
    created: openCreatedTimes(),
    trust: trustReader({ reader: database, place: trustPlace(config) }),
    policies: new PoliciesInForce(database),
  }
}

export function admissionJobHandlers(
  config: Config,
  foundation: Foundation,
  suppressions: Suppressions,
): Readonly<Record<string, JobHandler>> {
  const { database } = foundation
  return {
    [sweepRunningJob]: (_, options) => sweepRunning(foundation, config.admission, options),
    async [judgeRunningJob](_, options) {
      let fault: Error | undefined
      const onFault = (error: unknown): void => {
        fault ??= error instanceof Error ? error : new Error(String(error))
      }
      const judging = judgeDeps(config, foundation, suppressions)
      const deps = { ...judging, database, deadlineMs: jobDeadlineMs, onFault }
      await judgeRunning(deps, options)
      // What could not be read was passed over: the job is tried again.
      if (fault !== undefined) throw fault
    },
  }
}

/** After a policy was put: what runs is judged by it soon. */
export async function requestJudging({
  database,
  clock,
}: Pick<Foundation, 'database' | 'clock'>): Promise<void> {
  const job = { kind: judgeRunningJob, key: 'scheduled', input: {}, priority: housekeepingPriority }
  await database.transaction((tx) => enqueue(tx, job, clock.now()))
}
