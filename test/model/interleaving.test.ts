// Thousands of schedules of pushes, mounts, deletes, pulls and collections, interleaved at every wait of theirs: nothing that was
// acknowledged and is needed is lost, nothing that nobody needs is left. A failure names its seed and shows its schedule.
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { fuzzRuns, fuzzSeed } from '../kit/fuzz-runs.ts'
import type { Report, Share } from './schedule-worker.ts'

/** What happened at least once in so many schedules: less of it would prove little. */
const coverage: Readonly<Record<string, number>> = {
  'schedules on filesystem': 26,
  'operation push blob': 5,
  'operation push image': 2,
  'operation mount': 5,
  'operation pull blob': 5,
  'operation delete blob': 10,
  'operation delete repository': 40,
  'operation set quota': 40,
  'operation create repository': 40,
  'operation append': 5,
  'operation cancel': 40,
  'manifests put': 2,
  'manifests deleted': 15,
  'tags deleted': 20,
  mounted: 10,
  'uploads closed': 10,
  'uploads closed again': 50,
  'layers that are there already': 200,
  'blobs read to their end': 5,
  'bytes removed while a reader held them': 500,
  'clock advances': 1,
  collections: 1,
  'collections joined': 3,
  'killed collect': 10,
  'killed append': 50,
  'killed close': 50,
  'collected uploads': 5,
  'collected manifests': 20,
  'collected links': 2,
  'collected retiredBlobs': 3,
  'collected removedKeys': 2,
  'refused TAG_IMMUTABLE': 50,
  'refused MANIFEST_REFERENCED': 200,
  'refused BLOB_REFERENCED': 50,
  'refused UPLOAD_BUSY': 200,
  'refused QUOTA_EXCEEDED': 50,
  'steps of a collection beside other operations': 1,
}

test('no schedule of pushes, mounts, deletes and collections loses or leaks anything', async (t) => {
  const schedules = fuzzRuns(1000)
  const first = fuzzSeed()
  const stride = Math.min(availableParallelism(), 4)
  const shares = Array.from({ length: stride }, (_, index) => ({
    first: first + index,
    stride,
    end: first + schedules,
  }))
  const reports = await Promise.all(shares.map(run))
  const counts = new Map<string, number>()
  for (const report of reports) {
    if (report.kind === 'failure') {
      assert.fail(
        `schedule ${report.seed} (again: PRATIQUE_FUZZ_SEED=${report.seed})\n${report.text}`,
      )
    }
    for (const [what, count] of report.counts) counts.set(what, (counts.get(what) ?? 0) + count)
  }
  t.diagnostic(`${schedules} schedules from seed ${first}: 0 lost, 0 leaked`)
  const lines = [...counts].map(([what, count]) => `${what}: ${count}`)
  for (const line of lines.toSorted()) t.diagnostic(line)
  if (schedules < 1000) return
  for (const [what, schedulesEach] of Object.entries(coverage)) {
    const least = Math.floor(schedules / schedulesEach)
    const count = counts.get(what) ?? 0
    assert.ok(count >= least, `${what}: ${count} times in ${schedules} schedules, not ${least}`)
  }
})

async function run(share: Share): Promise<Report> {
  const worker = new Worker(new URL('schedule-worker.ts', import.meta.url), { workerData: share })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
