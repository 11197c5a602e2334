import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../test/kit/database.ts'
import { claimJob, enqueue, housekeepingPriority } from './jobs/queue.ts'
import { lanes } from './lanes.ts'
import { applyCveFactsJob } from './scanning/apply-cve-facts.ts'
import { countFindingsJob, countingPriority } from './scanning/counting-job.ts'
import { reevaluationPriority } from './scanning/import-advisories.ts'
import { reevaluateJob } from './scanning/reevaluate-packages.ts'
import { scheduleFeedsJob } from './scanning/refresh-feeds.ts'
import { scanImageJob } from './scanning/request-scan.ts'
import { sweepPackagesJob } from './scanning/sweep-packages.ts'

const jobs = [
  [scanImageJob, 10, 'urgent'],
  [scanImageJob, 60, 'background'],
  [sweepPackagesJob, housekeepingPriority, 'background'],
  [reevaluateJob, reevaluationPriority, 'evaluation'],
  [applyCveFactsJob, reevaluationPriority, 'evaluation'],
  [countFindingsJob.kind, countingPriority, 'evaluation'],
  [scheduleFeedsJob, housekeepingPriority, 'feeds'],
] as const

for (const [kind, priority, lane] of jobs)
  test(`${kind} at ${priority} is for one worker: ${lane}`, async (t) => {
    const database = await temporaryDatabase(t)
    const now = new Date(0)
    await database.transaction((tx) => enqueue(tx, { kind, key: 'k', input: {}, priority }, now))
    const takers: string[] = []
    for (const [name, own] of Object.entries(lanes)) {
      // A lease of no time: each is asked as if nobody had the job.
      const claim = { owner: name, now, leaseMs: 0, lane: own }
      const job = await database.transaction((tx) => claimJob(tx, claim))
      if (job !== undefined) takers.push(name)
    }
    assert.deepEqual(takers, [lane])
  })
