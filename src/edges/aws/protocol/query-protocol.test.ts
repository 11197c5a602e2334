import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseForm, queryError, queryReply } from './query-protocol.ts'

test('refuses a form without exactly one Action, or beyond its size', () => {
  assert.equal(parseForm(''), undefined)
  assert.equal(parseForm('Version=2011-06-15'), undefined)
  assert.equal(parseForm('Action=A&Action=B'), undefined)
  assert.equal(parseForm(`Action=A&x=${'a'.repeat(64 * 1024)}`), undefined)
})

test('reads form encoding, blanks and escapes included', () => {
  const form = parseForm('Action=GetCallerIdentity&Version=2011-06-15&Note=a+b%26c')
  assert.deepEqual(
    [...(form ?? [])],
    [
      ['Action', 'GetCallerIdentity'],
      ['Version', '2011-06-15'],
      ['Note', 'a b&c'],
    ],
  )
})

test('writes the response, its result and the request id', () => {
  const reply = queryReply('GetCallerIdentity', { Arn: 'arn:aws:iam::1:user/a&b' }, 'request-1')
  assert.equal(reply.status, 200)
  assert.equal(reply.headers['content-type'], 'text/xml')
  assert.equal(
    reply.body,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a&amp;b</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
  )
})

test('says who is at fault in an error', () => {
  const of = (status: number): string =>
    queryError({ name: 'AccessDenied', status, message: '<no>' }, 'request-1').body
  assert.match(of(403), /<Type>Sender<\/Type><Code>AccessDenied<\/Code><Message>&lt;no&gt;</)
  assert.match(of(500), /<Type>Receiver<\/Type>/)
})

test('lets no text from outside become markup', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (most) => {
      const text = `${most}\uFFFE\uD800`
      const { body } = queryError({ name: 'X', status: 400, message: text }, 'r')
      const message = body.slice(body.indexOf('<Message>') + 9, body.indexOf('</Message>'))
      // oxlint-disable-next-line no-control-regex -- these are the characters that XML forbids
      assert.doesNotMatch(message, /[<>"\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/)
      assert.ok(message.isWellFormed())
      assert.doesNotMatch(message, /&(?!amp;|lt;|gt;|quot;)/)
    }),
  )
})
