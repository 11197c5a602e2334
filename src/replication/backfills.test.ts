import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import {
  insertBackfill,
  listBackfills,
  type Backfill,
  type BackfillCursor,
} from './backfill-store.ts'
import { isReplicationError, type ReplicationErrorCode } from './errors.ts'
import { listReplicationStatuses } from './list-replication-statuses.ts'
import { putReplication } from './put-replication.ts'
import { findReplicationRules } from './replication-configuration-store.ts'
import { maxOpenBackfills } from './rules/backfill.ts'
import type { Destination } from './rules/replication-rules.ts'
import { forgottenBefore, startBackfill } from './start-backfill.ts'
import { getBackfill, stopBackfill } from './stop-backfill.ts'

const by = 'arn:aws:iam::123456789012:user/admin'
const region = 'us-east-1'
const refused =
  (code: ReplicationErrorCode) =>
  (error: unknown): boolean =>
    isReplicationError(error) && error.code === code

function destination(index: number): Destination {
  return { region: `eu-west-${index}`, registry: '210987654321' }
}

async function configured(registry: TestRegistry): Promise<void> {
  const destinations = Array.from({ length: 12 }, (_, index) => destination(index))
  const rules = [{ destinations, prefixes: ['team/'], deletions: true }]
  await putReplication({ ...registry, region }, { account: registry.repository.account, rules, by })
}

async function open(registry: TestRegistry, index: number): Promise<string> {
  const id = `00000000-0000-0000-0000-0000000000${10 + index}`
  const startedAt = registry.clock.now()
  await registry.database.transaction((tx) =>
    insertBackfill(tx, registry.repository.account, {
      id,
      destination: destination(index),
      state: 'PREPARING',
      failure: undefined,
      startedAt,
      endedAt: undefined,
      startedBy: by,
    }),
  )
  return id
}

test('a configuration is kept as it was put, and none that copies the registry into itself', async (t) => {
  const registry = await testRegistry(t)
  const { database, repository } = registry
  const { account } = repository
  assert.deepEqual(await findReplicationRules(database, account), [])
  assert.deepEqual(await listReplicationStatuses(database, repository), [])
  await configured(registry)
  const [kept, ...others] = await findReplicationRules(database, account)
  assert.equal(others.length, 0)
  const own = [
    { destinations: [{ region, registry: account }], prefixes: undefined, deletions: undefined },
  ]
  const put = putReplication({ ...registry, region }, { account, rules: own, by })
  await assert.rejects(put, refused('REPLICATION_INVALID'))
  assert.deepEqual(await findReplicationRules(database, account), [kept])
  const statuses = await listReplicationStatuses(database, repository)
  assert.equal(statuses.length, 12)
  for (const { state, failureCode } of statuses)
    assert.deepEqual([state, failureCode], ['FAILED', 'ReplicationNotSupported'])
  await putReplication({ ...registry, region }, { account, rules: [], by })
  assert.deepEqual(await listReplicationStatuses(database, repository), [])
})

test('a backfill needs a destination of a rule, and its region and the registry to have room', async (t) => {
  const registry = await testRegistry(t)
  const { account } = registry.repository
  const start = async (index: number): Promise<Backfill> =>
    startBackfill(registry, { account, destination: destination(index), by })
  await assert.rejects(start(0), refused('BACKFILL_DESTINATION_UNKNOWN'))
  await configured(registry)
  await open(registry, 0)
  await assert.rejects(start(0), refused('BACKFILL_RUNNING'))
  for (let index = 1; index < maxOpenBackfills; index += 1) await open(registry, index)
  await assert.rejects(start(11), refused('BACKFILLS_TOO_MANY'))
})

test('what is started has failed, and says so; what is under way can be stopped, once', async (t) => {
  const registry = await testRegistry(t)
  const { database, clock } = registry
  const { account } = registry.repository
  await configured(registry)
  const started = await startBackfill(registry, { account, destination: destination(1), by })
  const get = async (id: string): Promise<Backfill> =>
    getBackfill(database, { account, id, now: clock.now() })
  assert.deepEqual(await get(started.id.toUpperCase()), started)
  assert.deepEqual([started.state, started.failure], ['FAILED', 'ReplicationNotSupported'])
  const { id } = started
  await assert.rejects(stopBackfill(registry, { account, id }), refused('BACKFILL_ENDED'))
  const running = await open(registry, 2)
  const stopped = await stopBackfill(registry, { account, id: running })
  assert.deepEqual(await get(running), stopped)
  assert.equal(stopped.state, 'STOPPED')
  await assert.rejects(stopBackfill(registry, { account, id: running }), refused('BACKFILL_ENDED'))
  clock.advance(91 * 86_400_000)
  await assert.rejects(get(id), refused('BACKFILL_UNKNOWN'), 'after ninety days')
  await startBackfill(registry, { account, destination: destination(1), by })
  const rows = await database.all('SELECT id FROM replication_backfills')
  assert.equal(rows.length, 1, 'what is told no more is not kept')
})

test('a walk meets each backfill that was there exactly once, newest first, while others begin', async (t) => {
  const registry = await testRegistry(t)
  const { database, clock } = registry
  const { account } = registry.repository
  await configured(registry)
  const start = async (): Promise<string> =>
    (await startBackfill(registry, { account, destination: destination(1), by })).id
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0, 0, 1000), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 3 }),
      async (pauses, limit) => {
        await database.transaction((tx) => tx.run('DELETE FROM replication_backfills'))
        const made: string[] = []
        for (const pause of pauses) {
          clock.advance(pause)
          made.push(await start())
        }
        const met: Backfill[] = []
        let before: BackfillCursor | undefined
        for (let page = 0; page < 20; page += 1) {
          const endedAfter = forgottenBefore(clock.now())
          const found = await listBackfills(database, account, { endedAfter, before, limit })
          met.push(...found)
          const last = found.at(-1)
          if (last === undefined || found.length < limit) break
          before = { startedAt: last.startedAt.getTime(), id: last.id }
          clock.advance(1)
          await start()
        }
        const ids = met.map(({ id }) => id)
        assert.deepEqual(ids.toSorted(), made.toSorted())
        const times = met.map(({ startedAt }) => startedAt.getTime())
        assert.deepEqual(
          times,
          times.toSorted((a, b) => b - a),
        )
      },
    ),
    { numRuns: fuzzRuns(15), seed: fuzzSeed() },
  )
})
