import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import type { Database } from '../storage/database/database.ts'
import {
  listEvents,
  measureLag,
  newestEventId,
  readPosition,
  trimEvents,
  writePosition,
} from './outbox.ts'

const reader = 'notifications'

async function happened(database: Database, at: number): Promise<void> {
  await database.transaction((tx) =>
    tx.run(
      `INSERT INTO events (kind, account, resource, detail, at) VALUES ('k', 'a', 'r', '{}', $1)`,
      [at],
    ),
  )
}

async function trim(database: Database, before: number, limit = 100): Promise<number> {
  return database.transaction((tx) => trimEvents(tx, { before: new Date(before), limit }))
}

async function move(database: Database, eventId: number): Promise<void> {
  const place = { eventId, position: undefined }
  await database.transaction((tx) => writePosition(tx, reader, place, new Date(0)))
}

test('only what every reader has passed and what is old enough goes', async (t) => {
  const database = await temporaryDatabase(t)
  for (const at of [1, 2, 3, 4, 5]) await happened(database, at)
  assert.equal(await trim(database, 100), 0)
  await move(database, 4)
  assert.equal(await trim(database, 3), 2)
  assert.equal(await trim(database, 100, 1), 1)
  assert.equal(await trim(database, 100), 1)
  assert.deepEqual(
    (await listEvents(database, { after: 0, limit: 10 })).map(({ id }) => id),
    [5],
  )
  await database.transaction((tx) =>
    tx.run(`INSERT INTO outbox_readers (name, event_id, at) VALUES ('other', 0, 0)`),
  )
  await move(database, 5)
  assert.equal(await trim(database, 100), 0)
})

test('an id is never given twice, also when everything was trimmed', async (t) => {
  const database = await temporaryDatabase(t)
  await happened(database, 1)
  await move(database, 1)
  assert.equal(await trim(database, 100), 1)
  await happened(database, 2)
  assert.equal(await newestEventId(database), 2)
  assert.deepEqual(await measureLag(database, reader), { events: 1, oldest: new Date(2) })
})

test('a place in the outbox is kept with how far the next event was read', async (t) => {
  const database = await temporaryDatabase(t)
  const place = { eventId: 3, position: 'here' }
  await database.transaction((tx) => writePosition(tx, reader, place, new Date(0)))
  assert.deepEqual(await readPosition(database, reader), place)
  await assert.rejects(readPosition(database, 'nobody'), /no reader nobody/)
})
