import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { iamModel, queryError, queryReply, stsModel } from './query-protocol.ts'
import { writeElement } from './query-xml.ts'

test('says who is at fault in an error, and in which service', () => {
  const of = (status: number): string =>
    queryError(iamModel, { name: 'AccessDenied', status, message: '<no>' }, 'request-1').body
  assert.equal(
    of(403),
    '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>&lt;no&gt;</Message></Error><RequestId>request-1</RequestId></ErrorResponse>',
  )
  assert.match(of(500), /<Type>Receiver<\/Type>/)
})

test('an error may have headers beside its form', () => {
  const headers = { 'pratique-policy-error': '1:2 X y' }
  const error = { name: 'MalformedPolicyDocument', status: 400, message: 'm', headers }
  assert.deepEqual(queryError(iamModel, error, 'r').headers, {
    'content-type': 'text/xml',
    ...headers,
  })
})

test('writes the response, its result and the request id', () => {
  const output = { Arn: 'arn:aws:iam::1:user/a&b' }
  const reply = queryReply(stsModel, 'GetCallerIdentity', output, 'request-1')
  assert.equal(reply.status, 200)
  assert.equal(reply.headers['content-type'], 'text/xml')
  assert.equal(
    reply.body,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a&amp;b</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
  )
})

test('an operation without output has no Result element', () => {
  assert.equal(
    queryReply(iamModel, 'DeleteUser', undefined, 'request-1').body,
    '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></DeleteUserResponse>',
  )
})

test('writes each kind of value as the protocol has it', () => {
  const cases = [
    ['text', '<X>text</X>'],
    ['', '<X/>'],
    [12, '<X>12</X>'],
    [false, '<X>false</X>'],
    [new Date('2026-01-02T03:04:05.678Z'), '<X>2026-01-02T03:04:05Z</X>'],
    [[], '<X/>'],
    [['a', { B: 'b' }], '<X><member>a</member><member><B>b</B></member></X>'],
    [{ A: 'a', B: undefined, C: { D: [1] } }, '<X><A>a</A><C><D><member>1</member></D></C></X>'],
    [new Map([['k', 'v']]), '<X><entry><key>k</key><value>v</value></entry></X>'],
    ['a\r\n"', '<X>a&#xD;\n&quot;</X>'],
  ] as const
  for (const [value, xml] of cases) assert.equal(writeElement('X', value), xml)
})

test('lets no text from outside become markup', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (most) => {
      const text = `${most}\uFFFE\uD800`
      const { body } = queryError(stsModel, { name: 'X', status: 400, message: text }, 'r')
      const message = body.slice(body.indexOf('<Message>') + 9, body.indexOf('</Message>'))
      // oxlint-disable-next-line no-control-regex -- these are the characters that XML forbids
      assert.doesNotMatch(message, /[<>"\u0000-\u0008\u000B\u000C\u000D\u000E-\u001F\uFFFE\uFFFF]/)
      assert.ok(message.isWellFormed())
      assert.doesNotMatch(message, /&(?!amp;|lt;|gt;|quot;|#xD;)/)
    }),
  )
})
