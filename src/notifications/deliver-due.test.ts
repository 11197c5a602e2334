import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import {
  account,
  addWebhook,
  answered,
  deliverAll,
  notifyingPlace,
  sinkNamed,
  taken,
  type NotifyingPlace,
} from '../../test/kit/notifications.ts'
import { changeSink } from './manage-sinks.ts'
import { discardDeadLetters, readDeadLetters, resendDeadLetters } from './dead-letters.ts'
import { deliverDue } from './deliver-due.ts'
import { countDeliveries, insertDelivery } from './delivery-store.ts'
import { listSinksWithDue, type Sink } from './sink-store.ts'
import { testSink } from './test-sink.ts'
import { trimNotifications } from './trim-notifications.ts'

const { signal } = new AbortController()
const hour = 3_600_000

interface World {
  readonly at: NotifyingPlace
  readonly sink: Sink
  /** Queues a message about an image; its id is `image/number`. */
  readonly queue: (image: string, number: number) => Promise<void>
  readonly arrived: () => readonly string[]
}

async function world(t: TestContext): Promise<World> {
  const at = await notifyingPlace(t)
  const sink = await addWebhook(at, 'ops')
  return {
    at,
    sink,
    async queue(image, number) {
      const body = { kind: 'image', action: 'PUSH', repository: image, digest: 'sha256:a' } as const
      const id = `${image}/${number}`
      const notice = { id, account, region: 'us-east-1', at: at.clock.now().toISOString(), body }
      await at.database.transaction((tx) => insertDelivery(tx, sink.id, notice, at.clock.now()))
    },
    arrived: () => at.received.map(({ event }) => event.id),
  }
}

test('a later message about an image waits for the earlier one, and no other image does', async (t) => {
  const { at, sink, queue, arrived } = await world(t)
  for (const image of ['a', 'b']) for (const number of [1, 2]) await queue(image, number)
  at.answer = ({ event }) => (event.id === 'a/1' ? answered(500) : taken)
  await deliverAll(at, sink)
  assert.deepEqual(arrived().toSorted(), ['a/1', 'b/1', 'b/2'])
  at.answer = () => taken
  at.clock.advance(60_000)
  await deliverAll(at, sink)
  assert.deepEqual(arrived().slice(3), ['a/1', 'a/2'])
})

test('a receiver that is away loses nothing, is asked less and less, and has everything when it is back', async (t) => {
  const { at, sink, queue, arrived } = await world(t)
  for (let number = 0; number < 20; number += 1) await queue(`image-${number}`, 1)
  at.answer = () => ({ kind: 'failed', reason: 'connect ECONNREFUSED' })
  const began = at.clock.now().getTime()
  while (at.clock.now().getTime() - began < 12 * hour) {
    await deliverAll(at, sink)
    at.clock.advance(60_000)
  }
  const asked = arrived().length
  assert.ok(asked > 50 && asked < 300, `${asked} attempts in twelve hours`)
  assert.partialDeepStrictEqual((await sinkNamed(at, 'ops')).health, {
    lastError: 'connect ECONNREFUSED',
  })
  at.answer = () => taken
  at.clock.advance(5 * 60_000 * 2)
  await deliverAll(at, sink)
  const back = arrived().slice(asked)
  assert.equal(new Set(back).size, 20)
  assert.equal(back.length, 20)
  const { failures, pausedUntil, failingSince, delivered } = (await sinkNamed(at, 'ops')).health
  assert.deepEqual([failures, pausedUntil, failingSince, delivered], [0, undefined, undefined, 20])
})

test('what nobody took for three days is a dead letter, and can be sent again under its id', async (t) => {
  const { at, sink, queue, arrived } = await world(t)
  await queue('a', 1)
  await queue('b', 1)
  at.answer = () => answered(503)
  for (let hours = 0; hours <= 73; hours += 1) {
    await deliverAll(at, sink)
    at.clock.advance(hour)
  }
  assert.partialDeepStrictEqual(await countDeliveries(at.database, sink.id), {
    waiting: 0,
    dead: 2,
  })
  const letters = await readDeadLetters(at, { account, name: 'ops', after: 0, limit: 10 })
  assert.deepEqual(
    letters.map(({ message, error }) => [message, error]),
    [
      ['a/1', 'the receiver answered 503'],
      ['b/1', 'the receiver answered 503'],
    ],
  )
  at.answer = () => taken
  at.received.length = 0
  const [first] = letters
  assert.equal(await resendDeadLetters(at, { account, name: 'ops', id: first?.id }), 1)
  at.clock.advance(hour)
  await deliverAll(at, sink)
  assert.deepEqual(arrived(), ['a/1'])
  assert.equal(await discardDeadLetters(at, { account, name: 'ops', id: undefined }), 1)
  assert.partialDeepStrictEqual(await countDeliveries(at.database, sink.id), {
    waiting: 0,
    dead: 0,
  })
})

test('thousands of messages about one image hold up no other, and are not read for it', async (t) => {
  const { at, sink, arrived } = await world(t)
  const { database } = at
  await database.transaction(async (tx) => {
    const queue = async (image: string, number: number): Promise<void> => {
      const body = { kind: 'image', action: 'PUSH', repository: image, digest: 'sha256:a' } as const
      const notice = { id: `${image}/${number}`, account, region: 'us-east-1', at: '', body }
      await insertDelivery(tx, sink.id, notice, at.clock.now())
    }
    for (let number = 0; number < 2000; number += 1) await queue('busy', number)
    await queue('after', 1)
    await queue('before', 1)
    await queue('before', 2)
  })
  let rows = 0
  const all: typeof database.all = async (sql, parameters) => {
    const found = await database.all(sql, parameters)
    rows += found.length
    return found
  }
  const watched = { ...at, database: { ...database, all } }
  await deliverDue(watched, sink.id, { signal })
  assert.deepEqual(arrived().toSorted(), ['after/1', 'before/1', 'busy/0'])
  assert.ok(rows <= 600, `${rows} rows were read`)
  await deliverDue(watched, sink.id, { signal })
  assert.deepEqual(arrived().slice(3).toSorted(), ['before/2', 'busy/1'])
})

test('a receiver that is back has thousands of messages at once, in transactions of bounded size', async (t) => {
  const { at, sink } = await world(t)
  const { database } = at
  const later = at.clock.now().getTime() + hour
  await database.transaction(async (tx) => {
    for (let number = 0; number < 1200; number += 1) {
      const body = { kind: 'image', action: 'PUSH', repository: `r${number}`, digest: 'd' } as const
      const notice = { id: `n${number}`, account, region: 'us-east-1', at: '', body }
      await insertDelivery(tx, sink.id, notice, at.clock.now())
    }
    await tx.run('UPDATE notification_deliveries SET due_at = $1 WHERE notice_id <> $2', [
      later,
      'n0',
    ])
    await tx.run('UPDATE notification_sinks SET failures = 100')
  })
  let largest = 0
  const transaction: typeof database.transaction = (work, options) =>
    database.transaction((tx) => {
      const run: typeof tx.run = async (sql, parameters) => {
        const written = await tx.run(sql, parameters)
        largest = Math.max(largest, written)
        return written
      }
      return work({ ...tx, run })
    }, options)
  await deliverDue({ ...at, database: { ...database, transaction } }, sink.id, { signal })
  assert.ok(largest <= 500, `${largest} rows by one statement`)
  const waiting = await database.first(
    'SELECT COUNT(*) AS n FROM notification_deliveries WHERE due_at >= $1',
    [later],
  )
  assert.equal(waiting?.['n'], 0)
})

test('a message that the receiver refuses for good blocks its own image only, for some hours', async (t) => {
  const { at, sink, queue, arrived } = await world(t)
  await queue('poison', 1)
  await queue('poison', 2)
  at.answer = ({ event }) => (event.id === 'poison/1' ? answered(400) : taken)
  for (let minutes = 0; minutes < 12 * 60; minutes += 10) {
    await queue('other', minutes)
    await deliverAll(at, sink)
    at.clock.advance(10 * 60_000)
  }
  assert.equal(arrived().filter((id) => id === 'poison/1').length, 12)
  assert.equal(arrived().filter((id) => id === 'poison/2').length, 1)
  assert.equal(arrived().filter((id) => id.startsWith('other/')).length, 72)
})

test('410 disables the sink with its reason; what waited can be sent when somebody has mended it', async (t) => {
  const { at, sink, queue } = await world(t)
  await queue('a', 1)
  await queue('a', 2)
  at.answer = () => answered(410)
  await deliverAll(at, sink)
  assert.partialDeepStrictEqual(await sinkNamed(at, 'ops'), {
    state: 'disabled',
    stateReason: 'the receiver answered 410 Gone',
  })
  assert.deepEqual(at.log.outcomes, ['ops: the receiver answered 410 Gone'])
  assert.partialDeepStrictEqual(await countDeliveries(at.database, sink.id), {
    waiting: 0,
    dead: 2,
  })
  at.answer = () => taken
  await changeSink(at, { account, name: 'ops', asked: { enabled: true } })
  assert.equal(await resendDeadLetters(at, { account, name: 'ops', id: undefined }), 2)
  at.received.length = 0
  await deliverAll(at, sink)
  assert.deepEqual(
    at.received.map(({ event }) => event.id),
    ['a/1', 'a/2'],
  )
})

test('Retry-After is heeded', async (t) => {
  const { at, sink, queue, arrived } = await world(t)
  await queue('a', 1)
  at.answer = () => answered(429, 600)
  await deliverAll(at, sink)
  at.clock.advance(9 * 60_000)
  await deliverAll(at, sink)
  assert.equal(arrived().length, 1)
  at.clock.advance(61_000)
  await deliverAll(at, sink)
  assert.equal(arrived().length, 2)
})

test('a server that stops while it waits for an answer sends the message again', async (t) => {
  const { at, sink, queue } = await world(t)
  await queue('a', 1)
  const stop = new AbortController()
  at.answer = () => {
    stop.abort()
    return { kind: 'failed', reason: 'aborted' }
  }
  await deliverDue(at, sink.id, { signal: stop.signal })
  at.answer = () => taken
  await deliverAll(at, sink)
  assert.deepEqual(
    at.received.map(({ event, headers }) => [event.id, headers['x-pratique-attempt']]),
    [
      ['a/1', '1'],
      ['a/1', '1'],
    ],
  )
})

test('a delivery that could not be noted down is repeated with the same id and the same words', async (t) => {
  const { at, sink, queue } = await world(t)
  await queue('a', 1)
  const database = {
    ...at.database,
    all: at.database.all.bind(at.database),
    first: at.database.first.bind(at.database),
    transaction: async () => Promise.reject(new Error('killed')),
  }
  await assert.rejects(
    deliverDue({ ...at, database: { ...at.database, ...database } }, sink.id, { signal }),
  )
  await deliverAll(at, sink)
  const [first, second, ...more] = at.received
  assert.deepEqual(more, [])
  assert.deepEqual(second?.event, first?.event)
})

test('dead letters are kept within bounds, and those that went are counted', async (t) => {
  const { at, sink, queue } = await world(t)
  for (let number = 0; number < 3; number += 1) await queue(`image-${number}`, 1)
  at.answer = () => answered(410)
  await deliverAll(at, sink)
  at.clock.advance(31 * 24 * hour)
  await trimNotifications(at, { keepEventsDays: 1 }, { signal })
  assert.equal((await countDeliveries(at.database, sink.id)).dead, 0)
  assert.equal((await sinkNamed(at, 'ops')).health.dropped, 3)
})

test('nothing goes out for an account that is closed, and what waits is there when it is opened', async (t) => {
  const { at, queue } = await world(t)
  await queue('a', 1)
  const put = async (state: string): Promise<readonly string[]> => {
    await at.database.transaction((tx) =>
      tx.run('UPDATE accounts SET state = $1 WHERE id = $2', [state, account]),
    )
    return (await listSinksWithDue(at.database, at.clock.now())).map(({ name }) => name)
  }
  assert.deepEqual(await put('closed'), [])
  assert.deepEqual(await put('active'), ['ops'])
})

test('a test goes out at once, whatever the rule and however the sink is', async (t) => {
  const { at } = await world(t)
  await changeSink(at, {
    account,
    name: 'ops',
    asked: { enabled: false, rule: { kinds: ['scan'] } },
  })
  const result = await testSink(at, { account, name: 'ops' }, { signal })
  assert.equal(result.kind, 'delivered')
  assert.equal(at.received[0]?.event['detail-type'], 'Pratique Test')
})

test('whatever a receiver answers and whenever, each image’s messages arrive in order, and each arrives', async (t) => {
  const statuses = fc.array(fc.constantFrom(204, 500, 429, 404, 302, 0), {
    minLength: 10,
    maxLength: 60,
  })
  const queued = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(queued, statuses, async (images, answers) => {
      const { at, sink, queue } = await world(t)
      const next = answers.values()
      const delivered: string[] = []
      at.answer = ({ event }) => {
        const status = next.next().value ?? 204
        if (status === 204) delivered.push(event.id)
        return status === 0 ? { kind: 'failed', reason: 'away' } : answered(status)
      }
      for (const [number, image] of images.entries()) {
        await queue(image, number)
        await deliverAll(at, sink)
        at.clock.advance(20_000)
      }
      for (let hours = 0; hours < 60; hours += 1) {
        await deliverAll(at, sink)
        at.clock.advance(hour)
      }
      assert.equal(delivered.length, images.length)
      for (const image of ['a', 'b', 'c']) {
        const numbers = delivered
          .filter((id) => id.startsWith(`${image}/`))
          .map((id) => Number(id.slice(2)))
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
        )
      }
    }),
    { numRuns: 15 },
  )
})
