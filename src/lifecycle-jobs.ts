// What the program does by itself with lifecycle policies: runs of them, each night and when one changes, and previews.
import type { Config } from './config.ts'
import type { Foundation } from './foundation.ts'
import type { JobHandler } from './jobs/worker.ts'
import {
  causeOfJob,
  previewJob,
  repositoryOfJob,
  runPolicyJob,
  scheduleRunsJob,
} from './lifecycle/run-job.ts'
import { runPolicy, type RunDeps } from './lifecycle/run-policy.ts'
import { scheduleRuns } from './lifecycle/schedule-runs.ts'
import { computePreview } from './lifecycle/start-preview.ts'

/** ECR carries policies out within a day. */
export const lifecycleSchedule = [{ kind: scheduleRunsJob, everyMs: 24 * 3_600_000 }] as const

/** A run takes a quarter of the server's time at most. */
const runRestTimes = 3

export function lifecycleRunDeps(config: Config, foundation: Foundation): RunDeps {
  return {
    ...foundation,
    defaults: config.defaults,
    graceMs: config.gcGraceHours * 3_600_000,
    restTimes: runRestTimes,
  }
}

export function lifecycleJobHandlers(
  config: Config,
  foundation: Foundation,
): Readonly<Record<string, JobHandler>> {
  const { defaults } = config
  const deps = lifecycleRunDeps(config, foundation)
  return {
    [scheduleRunsJob]: (_, options) => scheduleRuns(foundation, options),
    [runPolicyJob]: (input, options) =>
      runPolicy(deps, { repositoryId: repositoryOfJob(input), cause: causeOfJob(input) }, options),
    [previewJob]: (input, options) => computePreview({ ...foundation, defaults }, input, options),
  }
}
