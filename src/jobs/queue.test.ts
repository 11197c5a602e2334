import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { claimJob, enqueue, type Lane } from './queue.ts'

const now = new Date('2026-01-01T00:00:00Z')

test('a lane takes its kinds alone, and the other one never waits for them', async (t) => {
  const database = await temporaryDatabase(t)
  for (const kind of ['fetch', 'scan', 'fetch-index'])
    await database.transaction((tx) => enqueue(tx, { kind, key: 'x', input: {}, priority: 1 }, now))
  const kinds = ['fetch', 'fetch-index']
  const take = async (lane?: Lane): Promise<string | undefined> => {
    const claim = { owner: 'w', now, leaseMs: 1000, lane }
    return (await database.transaction((tx) => claimJob(tx, claim)))?.kind
  }
  const others: Lane = { takes: 'all-but', kinds }
  assert.deepEqual([await take(others), await take(others)], ['scan', undefined])
  const only: Lane = { takes: 'only', kinds: ['fetch'] }
  assert.deepEqual([await take(only), await take(only)], ['fetch', undefined])
  assert.deepEqual([await take(), await take()], ['fetch-index', undefined])
})
