import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { makeCertificate } from '../../test/kit/certificate.ts'
import { mailServer } from '../../test/kit/mail-server.ts'
import { missing } from '../../test/kit/run.ts'
import { createMailSender, type MailServer, type OutboundMail } from './outbound-mail.ts'

const noOpenssl = missing('openssl')
const inner = { allowPrivateNetwork: true, timeoutMs: 5000 }
const mail: OutboundMail = {
  from: 'registry@example.com',
  to: ['team@example.com', 'ops@example.com'],
  messageId: '<id@example.com>',
  subject: 'New: CVE-2026-1000 → ü',
  text: 'first\n.\nafter a dot\n',
  date: new Date('2026-11-26T15:11:22Z'),
}

const send = createMailSender(async (name) => {
  const known: Readonly<Record<string, readonly string[]>> = {
    'mail.test': ['127.0.0.1'],
    'metadata.test': ['169.254.169.254'],
    'outer.test': ['8.8.8.8'],
  }
  return Promise.resolve(known[name] ?? [])
})

function server(port: number, change: Partial<MailServer> = {}): MailServer {
  return { host: 'mail.test', port, security: 'none', ...change }
}

test('a mail arrives whole, to all, and says that a program wrote it', async (t) => {
  const { port, commands, mails } = await mailServer(t)
  assert.deepEqual(await send(mail, server(port), inner), { kind: 'taken' })
  assert.ok(commands.includes('RCPT TO:<ops@example.com>'))
  const [got = ''] = mails
  assert.match(got, /^Message-ID: <id@example\.com>$/m)
  assert.match(got, /^Auto-Submitted: auto-generated$/m)
  assert.match(got, /after a dot/)
})

test(
  'signs in after STARTTLS, with a certificate of the name that was given',
  { skip: noOpenssl },
  async (t) => {
    const certificate = await makeCertificate(t, ['DNS:mail.test'])
    const { port, commands, mails } = await mailServer(t, { certificate })
    const known = { security: 'starttls', caBundle: certificate.cert } as const
    const signedIn = server(port, { ...known, user: 'u', password: 'secret' })
    assert.deepEqual(await send(mail, signedIn, inner), { kind: 'taken' })
    assert.equal(mails.length, 1)
    assert.ok(commands.indexOf('STARTTLS') < commands.findIndex((one) => one.startsWith('AUTH')))
    const unknown = await send(mail, server(port, { security: 'starttls' }), inner)
    assert.equal(unknown.kind, 'failed')
    assert.equal(mails.length, 1)
  },
)

test('says nothing in the clear to a server that does not offer STARTTLS', async (t) => {
  const { port, commands } = await mailServer(t)
  const asked = server(port, { security: 'starttls', user: 'u', password: 'secret' })
  assert.equal((await send(mail, asked, inner)).kind, 'failed')
  assert.ok(!commands.some((one) => /^(?:AUTH|MAIL)/.test(one)))
})

test('what the server refuses comes back with its status', async (t) => {
  const { port } = await mailServer(t, { answer: '554 no such thing' })
  assert.partialDeepStrictEqual(await send(mail, server(port), inner), {
    kind: 'failed',
    status: 554,
  })
})

test('goes to no private address that was not allowed, to no metadata service, and nowhere in the clear outside', async (t) => {
  const { port, commands } = await mailServer(t)
  const limits = { ...inner, allowPrivateNetwork: false }
  assert.equal((await send(mail, server(port), limits)).kind, 'refused')
  for (const host of ['metadata.test', 'outer.test', 'nowhere.test', '169.254.169.254', '::']) {
    assert.equal((await send(mail, server(port, { host }), inner)).kind, 'refused', host)
  }
  assert.deepEqual(commands, [])
})

test('nobody who listens is a failure with its reason', async () => {
  assert.equal((await send(mail, server(1), inner)).kind, 'failed')
})

test('a server that says a little for ever is waited for no longer than the time', async (t) => {
  const hostile = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 hello\r\n')
    socket.once('data', () => {
      const timer = setInterval(() => socket.write('250-and more\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
  })
  hostile.listen(0, '127.0.0.1')
  await once(hostile, 'listening')
  t.after(() => hostile.close())
  const { port } = hostile.address() as AddressInfo
  const result = await send(mail, server(port), { ...inner, timeoutMs: 200 })
  assert.partialDeepStrictEqual(result, { kind: 'failed', reason: 'no whole answer in time' })
})
