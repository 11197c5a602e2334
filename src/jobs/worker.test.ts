import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { systemClock } from '../lib/clock.ts'
import { systemIds } from '../lib/ids.ts'
import {
  backgroundPriorities,
  countJobs,
  enqueue,
  urgentPriorities,
  type Priorities,
} from './queue.ts'
import { JobWorker, type JobHandler } from './worker.ts'

const log = { jobDone() {}, jobFailed() {}, loopFailed() {} }

test('what somebody waits for is done while the background works on something long', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  const began = Promise.withResolvers<undefined>()
  const release = Promise.withResolvers<undefined>()
  const pushed = Promise.withResolvers<undefined>()
  const handlers: Readonly<Record<string, JobHandler>> = {
    async renewal() {
      began.resolve(undefined)
      await release.promise
    },
    async push() {
      pushed.resolve(undefined)
      return Promise.resolve()
    },
  }
  const workerOf = (priorities: Priorities): JobWorker =>
    new JobWorker({
      database,
      clock: systemClock,
      ids: systemIds,
      log,
      handlers,
      schedule: [],
      lane: { takes: 'all-but', kinds: [], priorities },
    })
  const workers = [workerOf(urgentPriorities), workerOf(backgroundPriorities)]
  const ask = async (kind: string, priority: number): Promise<void> => {
    const job = { kind, key: 'x', input: {}, priority }
    await database.transaction((tx) => enqueue(tx, job, systemClock.now()))
    for (const worker of workers) worker.wake()
  }
  for (const worker of workers) worker.start()
  await ask('renewal', 60)
  await began.promise
  await ask('push', 10)
  await pushed.promise
  release.resolve(undefined)
  await Promise.all(workers.map((worker) => worker.stop()))
  assert.equal(await countJobs(database), 0)
})
