import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  account,
  addWebhook,
  notifyingPlace,
  taken,
  type NotifyingPlace,
} from '../../test/kit/notifications.ts'
import { readPosition } from '../jobs/outbox.ts'
import { Notifier, type NotifierLog } from './notifier.ts'
import { notificationsReader } from './plan-notices.ts'

interface Watched {
  readonly notifier: Notifier
  readonly faults: unknown[]
  readonly skipped: number[]
}

function notifierOf(at: NotifyingPlace): Watched {
  const faults: unknown[] = []
  const skipped: number[] = []
  const log: NotifierLog = {
    ...at.log,
    faulted: (error) => void faults.push(error),
    eventSkipped: (eventId) => void skipped.push(eventId),
  }
  return { notifier: new Notifier({ ...at, log }), faults, skipped }
}

async function tell(at: NotifyingPlace, resource: string, kind = 'ImagePushed'): Promise<void> {
  const detail = { digest: `sha256:${resource}`, tags: ['v1'] }
  await at.database.transaction((tx) =>
    tx.run('INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)', [
      kind,
      account,
      resource,
      JSON.stringify(detail),
      at.clock.now().getTime(),
    ]),
  )
}

/** Resolves when the receiver has that many messages; what the loop does in between is its own. */
function arrival(at: NotifyingPlace, isThere: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const before = at.answer
  at.answer = async (message) => {
    const result = await before(message)
    if (isThere()) resolve(undefined)
    return result
  }
  return promise
}

test('one receiver that says nothing delays nobody else, and stopping waits for no other', async (t) => {
  const at = await notifyingPlace(t)
  await addWebhook(at, 'slow')
  await addWebhook(at, 'quick')
  const never = Promise.withResolvers<typeof taken>()
  at.answer = ({ url }) => (url.includes('slow') ? never.promise : taken)
  const quick = (): number => at.received.filter(({ url }) => url.includes('quick')).length
  const all = arrival(at, () => quick() === 20)
  const { notifier, faults } = notifierOf(at)
  for (let number = 0; number < 20; number += 1) await tell(at, `app-${number}`)
  notifier.start()
  await all
  // Four requests at a time are all that a slow one ever has.
  assert.equal(at.received.length - quick(), 4)
  never.resolve(taken)
  await notifier.stop()
  assert.deepEqual(faults, [])
})

test('what is told while it runs goes out, in order for each image', async (t) => {
  const at = await notifyingPlace(t)
  await addWebhook(at, 'ops')
  const all = arrival(at, () => at.received.length === 6)
  const { notifier } = notifierOf(at)
  notifier.start()
  for (const kind of ['ImagePushed', 'TagDeleted', 'ImageDeleted']) {
    for (const image of ['a', 'b']) await tell(at, image, kind)
    notifier.wake()
  }
  await all
  await notifier.stop()
  for (const image of ['a', 'b']) {
    const actions = at.received
      .filter(({ event }) => event.detail['repository-name'] === image)
      .map(({ event }) => event.detail['action-type'])
    assert.deepEqual(actions, ['PUSH', 'DELETE', 'DELETE'])
  }
})

test('an event of a shape that nobody wrote stops nothing', async (t) => {
  const at = await notifyingPlace(t)
  await addWebhook(at, 'ops')
  for (const detail of ['{}', '[]', 'null', '7', '{"packageId":1}', '{"digest":{}}']) {
    for (const kind of [
      'FindingsChanged',
      'ImagePushed',
      'ScanCompleted',
      'ImageFindingsChanged',
      'ScanningConfigured',
      'Other',
    ]) {
      await at.database.transaction((tx) =>
        tx.run(
          'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, 0)',
          [kind, account, 'x', detail],
        ),
      )
    }
  }
  const all = arrival(at, () => at.received.length === 1)
  await tell(at, 'last')
  const { notifier, faults, skipped } = notifierOf(at)
  notifier.start()
  await all
  await notifier.stop()
  assert.deepEqual([faults, skipped], [[], []])
  assert.equal((await readPosition(at.database, notificationsReader)).eventId, 37)
})
