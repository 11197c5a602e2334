import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import {
  account,
  addWebhook,
  notifyingPlace,
  sinkNamed,
  type NotifyingPlace,
} from '../../test/kit/notifications.ts'
import { admitMasterKeys } from '../access/open-keyring.ts'
import { masterKeyOf } from '../access/rules/master-keys.ts'
import { finishRotations } from '../access/rotate-master-key.ts'
import { PratiqueError } from '../lib/errors.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { describeSink } from './describe-sink.ts'
import { changeSink, createSink, removeSink, rotateSinkSecret } from './manage-sinks.ts'
import { listSinks } from './sink-store.ts'
import { testSink } from './test-sink.ts'

const { signal } = new AbortController()
const named = { account, name: 'ops' }

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof PratiqueError && error.code === expected
}

async function create(at: NotifyingPlace, asked: Readonly<Record<string, unknown>>) {
  return createSink(at, { account, principal: 'arn', asked })
}

const webhook = { name: 'ops', kind: 'webhook', url: 'https://ops.test/hook/TOKEN' }

/** Whether the newest message is signed with each of these, and with nothing else. */
async function signedWith(at: NotifyingPlace, secrets: readonly string[]): Promise<void> {
  at.received.length = 0
  await testSink(at, named, { signal })
  const [message] = at.received
  const timestamp = message?.headers['x-pratique-timestamp'] ?? ''
  const body = JSON.stringify(message?.event)
  const expected = secrets.map(
    (secret) =>
      `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
  )
  assert.deepEqual(message?.headers['x-pratique-signature']?.split(','), expected)
}

test('the signing secret is told once and signs; the address is never told', async (t) => {
  const at = await notifyingPlace(t)
  const { signingSecret = '', ...described } = await create(at, webhook)
  assert.match(signingSecret, /^[A-Za-z0-9_-]{43}$/)
  await signedWith(at, [signingSecret])
  assert.equal(at.received[0]?.url, webhook.url)
  const shown = JSON.stringify([described, describeSink(await sinkNamed(at, 'ops'))])
  assert.ok(!shown.includes('TOKEN') && !shown.includes(signingSecret))
  assert.equal(described.target, 'https://ops.test')
  const rows = JSON.stringify([
    await at.database.all('SELECT * FROM notification_sinks'),
    (await at.database.all('SELECT * FROM notification_secrets')).map((row) =>
      Buffer.from(row['secret'] as Uint8Array).toString('latin1'),
    ),
  ])
  assert.ok(!rows.includes('TOKEN') && !rows.includes(signingSecret))
})

test('two secrets are valid while one follows the other, and the former ends', async (t) => {
  const at = await notifyingPlace(t)
  const { signingSecret: first = '' } = await create(at, webhook)
  at.clock.advance(1000)
  const { signingSecret: second } = await rotateSinkSecret(at, named)
  await signedWith(at, [second, first])
  at.clock.advance(23 * 3_600_000)
  await signedWith(at, [second, first])
  at.clock.advance(3_600_000)
  await signedWith(at, [second])
  const { signingSecret: third } = await rotateSinkSecret(at, { ...named, hours: 0 })
  await signedWith(at, [third])
})

test('of three secrets the oldest goes at once', async (t) => {
  const at = await notifyingPlace(t)
  await create(at, webhook)
  at.clock.advance(1000)
  const { signingSecret: second } = await rotateSinkSecret(at, named)
  at.clock.advance(1000)
  const { signingSecret: third } = await rotateSinkSecret(at, named)
  await signedWith(at, [third, second])
})

test('a rotation of the master key takes the secrets along', async (t) => {
  const at = await notifyingPlace(t)
  const { signingSecret = '' } = await create(at, webhook)
  const keys = [masterKeyOf(Buffer.alloc(32, 2)), masterKeyOf(Buffer.alloc(32, 1))] as const
  at.keyring.replace(await admitMasterKeys(at, keys))
  const source = {
    name: 'test',
    read: async () => Promise.reject(new Error('not asked')),
  }
  await finishRotations({ ...at, source } as unknown as Parameters<typeof finishRotations>[0], {
    signal,
  })
  at.keyring.replace([keys[0]])
  await signedWith(at, [signingSecret])
})

test('who cannot be reached by the rules of the installation is refused when the sink is made', async (t) => {
  const at = await notifyingPlace(t)
  const refused: readonly (readonly [url: string, says: RegExp])[] = [
    ['http://127.0.0.1:9/', /private network, which has to be allowed \(PRATIQUE_NOTIFY_PRIVATE\)/],
    ['https://[::1]/', /private network/],
    ['https://169.254.169.254/latest', /where nothing is sent to/],
    ['http://8.8.8.8/', /in the public network, where nothing is sent without TLS/],
  ]
  for (const [url, says] of refused) {
    await assert.rejects(create(at, { ...webhook, url }), (error: Error) => {
      assert.ok(code('SINK_INVALID')(error), url)
      assert.match(error.message, says)
      return true
    })
  }
  await create({ ...at, allowPrivateNetwork: true }, { ...webhook, url: 'http://127.0.0.1:9/' })
})

test('names are one in an account, and an account has twenty sinks at most', async (t) => {
  const at = await notifyingPlace(t)
  await create(at, webhook)
  await assert.rejects(create(at, webhook), code('SINK_EXISTS'))
  for (let number = 1; number < 20; number += 1) await addWebhook(at, `sink-${number}`)
  await assert.rejects(create(at, { ...webhook, name: 'more' }), code('SINK_LIMIT'))
  const other = parseAccountId('210987654321')
  assert.ok(other !== undefined)
  await addWebhook(at, 'ops', {}, other)
})

test('a sink of another account cannot be seen, changed, tested, rotated or removed', async (t) => {
  const at = await notifyingPlace(t)
  await create(at, webhook)
  const other = parseAccountId('210987654321')
  assert.ok(other !== undefined)
  const strange = { account: other, name: 'ops' }
  assert.deepEqual(await listSinks(at.database, other), [])
  const attempts = [
    async () => changeSink(at, { ...strange, asked: { enabled: false } }),
    async () => removeSink(at, strange),
    async () => rotateSinkSecret(at, strange),
    async () => testSink(at, strange, { signal }),
  ]
  for (const attempt of attempts) await assert.rejects(attempt(), code('SINK_UNKNOWN'))
})

test('a change keeps what it does not name', async (t) => {
  const at = await notifyingPlace(t)
  await create(at, { ...webhook, rule: { minSeverity: 'HIGH' }, digestMinutes: 5 })
  const digestless = await changeSink(at, { ...named, asked: { digestMinutes: 0 } })
  assert.equal(digestless.digestMinutes, undefined)
  assert.equal(digestless.rule.minSeverity, 'HIGH')
  const off = await changeSink(at, { ...named, asked: { enabled: false } })
  assert.partialDeepStrictEqual(off, { state: 'disabled', reason: 'somebody switched it off' })
  await assert.rejects(
    changeSink(at, { ...named, asked: { rule: { kinds: [] } } }),
    code('SINK_INVALID'),
  )
})

test('what is not signed has no secret to rotate', async (t) => {
  const at = await notifyingPlace(t)
  await create(at, { ...webhook, kind: 'slack' })
  await assert.rejects(rotateSinkSecret(at, named), code('SINK_UNSIGNED'))
})

test('with a sink go its secrets', async (t) => {
  const at = await notifyingPlace(t)
  await create(at, webhook)
  await removeSink(at, named)
  assert.deepEqual(await at.database.all('SELECT id FROM notification_secrets'), [])
})
