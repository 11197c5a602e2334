import { backgroundPriorities, urgentPriorities, type Lane } from './jobs/queue.ts'
import { applyCveFactsJob } from './scanning/apply-cve-facts.ts'
import { countFindingsJob, countingPriority } from './scanning/counting-job.ts'
import { reevaluationPriority } from './scanning/import-advisories.ts'
import { reevaluateJob } from './scanning/reevaluate-packages.ts'
import { refreshFeedJob, refreshPartJob, scheduleFeedsJob } from './scanning/refresh-feeds.ts'

const feedJobs = [scheduleFeedsJob, refreshFeedJob, refreshPartJob]
/** They follow one another: what is counted was matched before. */
const evaluationJobs = [reevaluateJob, applyCveFactsJob, countFindingsJob.kind]
const others = { takes: 'all-but', kinds: [...feedJobs, ...evaluationJobs] } as const

/**
 * One for what somebody waits for, so that a push is not behind an import, nor its scan behind ten thousand that are made anew;
 * one for what new data means to what is stored, which waits for no image that is read and for no rows that are swept; one for the
 * rest; and one for feeds, which wait for the network, for minutes. Each does one job at a time, and each job is for one of them.
 */
export const lanes = {
  urgent: { ...others, priorities: urgentPriorities },
  evaluation: {
    takes: 'only',
    kinds: evaluationJobs,
    priorities: { from: countingPriority, to: reevaluationPriority },
  },
  background: { ...others, priorities: backgroundPriorities },
  feeds: { takes: 'only', kinds: feedJobs },
} satisfies Readonly<Record<string, Lane>>
