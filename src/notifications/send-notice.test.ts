import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailServer } from '../../test/kit/mail-server.ts'
import { account, answered, notifyingPlace } from '../../test/kit/notifications.ts'
import { createMailSender } from '../lib/outbound-mail.ts'
import { createSink } from './manage-sinks.ts'
import { testSink } from './test-sink.ts'

const { signal } = new AbortController()

test('mail goes with the sealed password, from and to whom the sink says', async (t) => {
  const at = await notifyingPlace(t)
  const { port, commands, mails } = await mailServer(t)
  const sendMail = createMailSender(async () => Promise.resolve(['127.0.0.1']))
  const inner = { ...at, allowPrivateNetwork: true, sendMail }
  const smtp = {
    host: 'mail.test',
    port,
    security: 'none',
    user: 'registry',
    password: 'pass word',
    from: 'registry@example.com',
    to: ['team@example.com'],
  }
  const asked = { name: 'team', kind: 'smtp', smtp }
  await createSink(inner, { account, principal: 'arn', asked })
  const result = await testSink(inner, { account, name: 'team' }, { signal })
  assert.equal(result.kind, 'delivered')
  const signIn = Buffer.from('\0registry\0pass word').toString('base64')
  assert.ok(commands.includes(`AUTH PLAIN ${signIn}`))
  assert.match(mails[0] ?? '', /^Subject: \[pratique\] Test of team: messages arrive here$/m)
  assert.match(mails[0] ?? '', new RegExp(`^Message-ID: <${result.id}@example\\.com>$`, 'm'))
})

test('a chat gets words and no signature', async (t) => {
  const at = await notifyingPlace(t)
  const asked = { name: 'chat', kind: 'slack', url: 'https://chat.test/services/T/B/X' }
  await createSink(at, { account, principal: 'arn', asked })
  await testSink(at, { account, name: 'chat' }, { signal })
  const [message] = at.received
  assert.deepEqual(message?.event, { text: '*Test of chat: messages arrive here*' })
  assert.deepEqual(Object.keys(message?.headers ?? {}), ['content-type'])
})

test('what a receiver answers is taken, refused for this message, or a trouble of the receiver', async (t) => {
  const at = await notifyingPlace(t)
  const asked = { name: 'ops', kind: 'webhook', url: 'https://ops.test/' }
  await createSink(at, { account, principal: 'arn', asked })
  const results = [200, 202, 301, 400, 404, 410, 413, 429, 500]
  const said: string[] = []
  for (const status of results) {
    at.answer = () => answered(status)
    const result = await testSink(at, { account, name: 'ops' }, { signal })
    said.push(result.kind === 'failed' && result.isRefusal ? 'refused' : result.kind)
  }
  assert.deepEqual(said, [
    'delivered',
    'delivered',
    'failed',
    'refused',
    'failed',
    'gone',
    'refused',
    'failed',
    'failed',
  ])
})
