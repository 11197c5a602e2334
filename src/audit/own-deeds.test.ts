import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { systemIds } from '../lib/ids.ts'
import { recordDeeds, recordDeedsJob, tellDeed } from './own-deeds.ts'
import type { OwnDeed } from './outbox-store.ts'
import { RecordRenderer } from './render-record.ts'

const account = accountOf('123456789012')
const { signal } = new AbortController()
const deed: OwnDeed = {
  account,
  name: 'pratique:SignatureMade',
  by: 'signing',
  resource: `arn:aws:signer:us-east-1:${account}:/signing-profiles/release/AAAAAAAAAA`,
  parameters: { digest: 'sha256:ab', principalArn: 'arn:who', secretThing: 'hidden' },
  outcome: { isStamped: true },
}

test('what a transaction did is told once it is over, waits while the log cannot be written, and goes when it is there', async (t) => {
  const database = await temporaryDatabase(t)
  const clock = fakeClock('2026-11-24T12:00:00Z')
  const renderer = new RecordRenderer({ region: 'us-east-1', account })
  const texts: string[] = []
  const record = async (text: string): Promise<void> => void texts.push(await Promise.resolve(text))
  const deps = { database, renderer, ids: systemIds, record }
  await assert.rejects(
    database.transaction(async (tx) => {
      await tellDeed(tx, deed, clock.now())
      throw new Error('undone')
    }),
  )
  await recordDeeds(deps, { signal })
  assert.deepEqual(texts, [])
  await database.transaction((tx) => tellDeed(tx, deed, clock.now()))
  assert.equal(
    (await database.all('SELECT id FROM jobs WHERE kind = $1', [recordDeedsJob])).length,
    1,
  )
  clock.advance(60_000)
  const full = async (): Promise<void> => Promise.reject(new Error('the disk is full'))
  await assert.rejects(recordDeeds({ ...deps, record: full }, { signal }), /the disk is full/)
  await recordDeeds(deps, { signal })
  await recordDeeds(deps, { signal })
  assert.equal(texts.length, 1)
  const told = JSON.parse(texts[0] ?? '') as Record<string, unknown>
  assert.deepEqual(
    [told['eventTime'], told['eventSource'], told['eventName'], told['recipientAccountId']],
    ['2026-11-24T12:00:00Z', 'pratique', 'SignatureMade', account],
  )
  assert.deepEqual(told['userIdentity'], { type: 'AWSService', invokedBy: 'signing.pratique' })
  assert.deepEqual(told['requestParameters'], { digest: 'sha256:ab', principalArn: 'arn:who' })
  assert.deepEqual(told['responseElements'], { isStamped: true })
  assert.equal(told['readOnly'], false)
})
