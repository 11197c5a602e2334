import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { temporaryDatabase } from '../../test/kit/database.ts'
import type { Database } from '../storage/database/database.ts'
import {
  backgroundPriorities,
  claimJob,
  countJobsOf,
  enqueue,
  finishJob,
  postponeJob,
  urgentPriorities,
  type ClaimedJob,
  type Lane,
  type NewJob,
  type Priorities,
} from './queue.ts'

const start = new Date('2026-01-01T00:00:00Z')
const later = (ms: number): Date => new Date(start.getTime() + ms)

async function ask(
  database: Database,
  job: Partial<NewJob> & { readonly key: string },
  now = start,
) {
  const whole = { kind: 'k', input: {}, priority: 20, ...job }
  await database.transaction((tx) => enqueue(tx, whole, now))
}

async function take(
  database: Database,
  {
    priorities = urgentPriorities,
    now = start,
  }: {
    readonly priorities?: Priorities
    readonly now?: Date
  } = {},
): Promise<ClaimedJob | undefined> {
  const lane = { takes: 'all-but', kinds: ['feed'], priorities } as const
  const claim = { owner: 'w', leaseMs: 1000, now, lane }
  return database.transaction((tx) => claimJob(tx, claim))
}

async function finish(database: Database, job: ClaimedJob): Promise<void> {
  await database.transaction((tx) => finishJob(tx, job.id, 'w'))
}

/** Keys in the order in which they are worked off. */
async function workOff(database: Database): Promise<readonly string[]> {
  const order: string[] = []
  for (;;) {
    const job = await take(database)
    if (job === undefined) return order
    order.push(job.key)
    await finish(database, job)
  }
}

test('of one priority each account has its turn, however many jobs another has', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  for (let n = 1; n <= 4; n += 1) await ask(database, { key: `a${n}`, fairKey: 'a' })
  for (let n = 1; n <= 2; n += 1) await ask(database, { key: `b${n}`, fairKey: 'b' })
  await ask(database, { key: 'urgent', priority: 10, fairKey: 'c' })
  assert.deepEqual(await workOff(database), ['urgent', 'a1', 'b1', 'a2', 'b2', 'a3', 'a4'])
})

test('who comes while a backlog is worked off waits for a round, not for the backlog', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  for (let n = 1; n <= 50; n += 1) await ask(database, { key: `a${n}`, fairKey: 'a' })
  for (let n = 0; n < 10; n += 1) {
    const job = await take(database)
    if (job !== undefined) await finish(database, job)
  }
  await ask(database, { key: 'b1', fairKey: 'b' })
  assert.ok((await workOff(database)).indexOf('b1') <= 1)
})

test('a lane takes its own priorities only', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  await ask(database, { key: 'backlog', priority: 60 })
  assert.equal(await take(database), undefined)
  assert.equal((await take(database, { priorities: backgroundPriorities }))?.key, 'backlog')
})

test('a lane takes its kinds alone, and the other one never waits for them', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  for (const kind of ['fetch', 'scan', 'fetch-index']) await ask(database, { kind, key: 'x' })
  const kinds = ['fetch', 'fetch-index']
  const takeOf = async (lane?: Lane): Promise<string | undefined> => {
    const claim = { owner: 'w', now: start, leaseMs: 1000, lane }
    return (await database.transaction((tx) => claimJob(tx, claim)))?.kind
  }
  const others: Lane = { takes: 'all-but', kinds }
  assert.deepEqual([await takeOf(others), await takeOf(others)], ['scan', undefined])
  const only: Lane = { takes: 'only', kinds: ['fetch'] }
  assert.deepEqual([await takeOf(only), await takeOf(only)], ['fetch', undefined])
  assert.deepEqual([await takeOf(), await takeOf()], ['fetch-index', undefined])
})

test('a job that waits in the backlog goes over to the urgent ones when somebody asks for it', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  await ask(database, { key: 'x', priority: 60, fairKey: 'a' })
  await ask(database, { key: 'x', priority: 20, fairKey: 'a' })
  assert.equal((await take(database))?.key, 'x')
})

test('a job for later is not taken before, also when it was asked for while it ran', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  await ask(database, { key: 'x', notBefore: later(5000) })
  assert.equal(await take(database), undefined)
  const first = await take(database, { now: later(5000) })
  assert.equal(first?.key, 'x')
  await ask(database, { key: 'x', input: { page: 2 }, notBefore: later(9000) }, later(5000))
  await finish(database, first)
  assert.equal(await take(database, { now: later(8999) }), undefined)
  assert.deepEqual((await take(database, { now: later(9000) }))?.input, { page: 2 })
})

test('a job that asks for itself again lets the others of its priority go first', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  await ask(database, { key: 'walker' })
  await ask(database, { key: 'other' })
  const walker = await take(database)
  await ask(database, { key: 'walker' })
  if (walker !== undefined) await finish(database, walker)
  assert.deepEqual(await workOff(database), ['other', 'walker'])
})

test('a job that failed comes again when its pause is over', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  await ask(database, { key: 'x' })
  const job = await take(database)
  const retry = { at: later(2000), error: 'e' }
  await database.transaction((tx) => postponeJob(tx, job?.id ?? 0, 'w', retry))
  assert.equal(await take(database, { now: later(1999) }), undefined)
  assert.equal((await take(database, { now: later(2000) }))?.attempt, 2)
})

test('the waiting jobs of one account are counted up to a limit', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  for (let n = 0; n < 5; n += 1) await ask(database, { key: `a${n}`, fairKey: 'a' })
  await ask(database, { key: 'b', fairKey: 'b' })
  assert.equal(await countJobsOf(database, { priority: 20, fairKey: 'a' }, 100), 5)
  assert.equal(await countJobsOf(database, { priority: 20, fairKey: 'a' }, 3), 3)
})

test('nobody starves: whatever the others ask for, a job waits for its own and one round of theirs each', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  const keys = ['a', 'b', 'c', 'd']
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...keys) },
    { weight: 2, arbitrary: fc.constant('work') },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      await database.transaction(async (tx) => void (await tx.run('DELETE FROM jobs')))
      /** Of each job that waits: at most so many others may still be taken before it. */
      const waiting = new Map<string, number>()
      let made = 0
      const work = async (): Promise<boolean> => {
        const job = await take(database)
        if (job === undefined) return false
        waiting.delete(job.key)
        for (const [key, left] of waiting) {
          assert.ok(left > 0, `${key} waited for more than its turn`)
          waiting.set(key, left - 1)
        }
        await finish(database, job)
        return true
      }
      for (const one of steps) {
        if (one === 'work') await work()
        else {
          made += 1
          const own = [...waiting.keys()].filter((key) => key.startsWith(one)).length
          // Two rounds more than its own: the one that is being worked off, and its own.
          waiting.set(`${one}${made}`, own + (own + 2) * (keys.length - 1))
          await ask(database, { key: `${one}${made}`, fairKey: one })
        }
      }
      while (await work());
      assert.equal(waiting.size, 0)
    }),
    { numRuns: 60 },
  )
})

test('the next job is found by an index, and so is the last turn of an account', async (t: TestContext) => {
  const database = await temporaryDatabase(t)
  const plans = [
    `SELECT id FROM jobs WHERE priority >= 0 AND priority <= 29 AND run_after <= 1 ORDER BY priority, turn, id LIMIT 1`,
    `SELECT MAX(turn) FROM jobs WHERE priority = 20 AND fair_key = 'a'`,
  ]
  for (const statement of plans) {
    const plan = JSON.stringify(await database.all(`EXPLAIN QUERY PLAN ${statement}`))
    assert.match(plan, /USING (COVERING )?INDEX jobs_/, plan)
    assert.doesNotMatch(plan, /TEMP B-TREE/, plan)
  }
})
