import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { eventsOf, runJobs, type TestEvent } from '../../test/kit/jobs.ts'
import {
  npmPackage,
  push,
  runScan,
  scanPlace,
  testAccount as account,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import type { Digest } from '../oci/digest.ts'
import type { JobHandler } from '../jobs/worker.ts'
import { applyRules } from './apply-rules.ts'
import { openSuppressions } from './suppressions.ts'
import { tellRuleEnds } from './tell-rule-ends.ts'

const dayMs = 86_400_000

interface World extends ScanPlace {
  readonly digests: readonly Digest[]
}

/** Images with two flaws each. */
async function world(t: TestContext, images = 1): Promise<World> {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'CVE-2026-1' }), osvRecord({ id: 'CVE-2026-2' })])
  const digests: Digest[] = []
  for (let n = 0; n < images; n += 1) {
    const files = { ...npmPackage('left-pad', '1.0.0'), [`srv/${n}`]: 'x' }
    const { digest } = await push(place, { layers: [layerOf(files)] })
    await runScan(place, digest)
    digests.push(digest)
  }
  await place.database.transaction(async (tx) => void (await tx.run('DELETE FROM jobs')))
  return { ...place, digests }
}

interface RuleFacts {
  readonly vulnerability?: string
  readonly until?: string
}

async function apply(place: World, ...rules: readonly RuleFacts[]): Promise<void> {
  const whole = rules.map((rule) => ({
    vulnerability: 'CVE-2026-1',
    reason: 'not reachable',
    owner: 'team',
    until: '2026-12-01',
    ...rule,
  }))
  const text = JSON.stringify(whole)
  await applyRules(place, { account, principal: 'arn', text, isDryRun: false })
}

function handlersOf({ database, clock }: World): Readonly<Record<string, JobHandler>> {
  const suppressions = openSuppressions({ reader: database, clock, keys: [], hosts: () => [] })
  const deps = { database, clock, suppressions }
  return { 'tell-rule-ends': (input, options) => tellRuleEnds(deps, input, options) }
}

async function told(place: World): Promise<readonly TestEvent[]> {
  return eventsOf(place.database, 'ImageFindingsChanged', 'SuppressionEnded')
}

test('when a rule ends, what it held back is told once, by image and by rule', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, {}, { vulnerability: 'CVE-2026-2', until: '2099-01-01' })
  place.clock.advance(6 * dayMs)
  assert.deepEqual(await runJobs(place, handlersOf(place)), [])
  place.clock.advance(2 * dayMs)
  await runJobs(place, handlersOf(place))
  const [image, rules, ...more] = await told(place)
  assert.deepEqual(more, [])
  assert.partialDeepStrictEqual(image, {
    kind: 'ImageFindingsChanged',
    account,
    resource: 'team/app1',
    detail: {
      digest: place.digests[0],
      cause: 'rules-ended',
      rules: [1],
      counts: { opened: 1, closed: 0, changed: 0 },
      opened: [{ vulnerability: 'CVE-2026-1' }],
    },
  })
  assert.partialDeepStrictEqual(rules, {
    kind: 'SuppressionEnded',
    account,
    detail: { rules: [{ number: 1, owner: 'team', state: 'ended' }] },
  })
})

test('each end is told at its own time, and the job waits for the next', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, {}, { vulnerability: 'CVE-2026-2', until: '2026-12-10' })
  place.clock.advance(8 * dayMs)
  await runJobs(place, handlersOf(place))
  assert.equal((await told(place)).length, 2)
  assert.equal((await place.database.all('SELECT id FROM jobs')).length, 1)
  place.clock.advance(9 * dayMs)
  await runJobs(place, handlersOf(place))
  assert.equal((await told(place)).length, 4)
  assert.equal((await place.database.all('SELECT id FROM jobs')).length, 0)
})

test('a finding that another rule still holds back did not come back', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, {}, { until: '2099-01-01' })
  place.clock.advance(8 * dayMs)
  await runJobs(place, handlersOf(place))
  assert.deepEqual(
    (await told(place)).map(({ kind }) => kind),
    ['SuppressionEnded'],
  )
})

test('a clock that is set back tells no end again', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, {})
  place.clock.advance(8 * dayMs)
  await runJobs(place, handlersOf(place))
  const before = await told(place)
  place.clock.advance(-8 * dayMs)
  await apply(place, {})
  await runJobs(place, handlersOf(place))
  place.clock.advance(9 * dayMs)
  await runJobs(place, handlersOf(place))
  assert.deepEqual(await told(place), before)
})

test('a rule that is over when it is given is no news', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, { until: '2026-01-01' })
  place.clock.advance(dayMs)
  await apply(place, { until: '2026-11-01' })
  await runJobs(place, handlersOf(place))
  assert.deepEqual(await told(place), [])
})

test('an end that was not told yet is not lost by a new file that still has the rule', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, {})
  place.clock.advance(8 * dayMs)
  await apply(place, {}, { vulnerability: 'CVE-2026-2', until: '2099-01-01' })
  await runJobs(place, handlersOf(place))
  assert.equal((await told(place)).length, 2)
})

test('rules from before ends were told begin with the next end', async (t: TestContext) => {
  const place = await world(t)
  await apply(place, {}, { vulnerability: 'CVE-2026-2', until: '2026-12-10' })
  place.clock.advance(8 * dayMs)
  await place.database.transaction(async (tx) => void (await tx.run('DELETE FROM told_rule_ends')))
  await runJobs(place, handlersOf(place))
  assert.deepEqual(await told(place), [])
  place.clock.advance(9 * dayMs)
  await runJobs(place, handlersOf(place))
  assert.equal((await told(place)).length, 2)
})

test('more images than one page has are all told once, also when the job is killed between', async (t: TestContext) => {
  const place = await world(t, 1)
  await copyScan(place, 249)
  await apply(place, {})
  place.clock.advance(8 * dayMs)
  const handlers = handlersOf(place)
  let runs = 0
  const killed: JobHandler = async (input, options) => {
    runs += 1
    // The transaction of the page was committed; what the worker writes of the job was not.
    await handlers['tell-rule-ends']?.(input, options)
    if (runs === 2) throw new Error('killed')
  }
  await assert.rejects(() => runJobs(place, { 'tell-rule-ends': killed }), /killed/)
  place.clock.advance(2000)
  await runJobs(place, handlers)
  const images = (await told(place)).filter(({ kind }) => kind === 'ImageFindingsChanged')
  assert.equal(images.length, 250)
  assert.equal(new Set(images.map(({ detail }) => JSON.stringify(detail))).size, 250)
})

/** The same image under further digests, as if each had been pushed and scanned. */
async function copyScan({ database }: World, copies: number): Promise<void> {
  await database.transaction(async (tx) => {
    for (let n = 0; n < copies; n += 1) {
      const digest = `sha256:${n.toString(16).padStart(64, '0')}`
      await tx.run(
        `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
         SELECT repository_id, $1, media_type, image_size, pushed_at, pushed_by, size, bytes FROM manifests
         ORDER BY digest DESC LIMIT 1`,
        [digest],
      )
      await tx.run(
        `INSERT INTO image_scans (repository_id, digest, status, notes, data_needed, requested_at, completed_at, instances)
         SELECT repository_id, $1, status, notes, data_needed, requested_at, completed_at, instances FROM image_scans
         ORDER BY digest DESC LIMIT 1`,
        [digest],
      )
    }
  })
}
