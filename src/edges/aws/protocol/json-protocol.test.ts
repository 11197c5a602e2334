import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonError, jsonReply, operationOfTarget, parseJsonBody } from './json-protocol.ts'

function kindOf(text: string): string {
  return parseJsonBody(Buffer.from(text)).kind
}

test('refuses a body that is not one JSON object', () => {
  for (const text of [
    '[]',
    '1',
    '"a"',
    'null',
    '{',
    '{}{}',
    'Action=GetCallerIdentity',
    '\uFEFF{}',
  ]) {
    assert.equal(kindOf(text), 'malformed', text)
  }
})

test('refuses more objects and lists than any request has', () => {
  assert.equal(kindOf(`{"a":[${'{},'.repeat(10_000)}{}]}`), 'malformed')
  assert.equal(kindOf(`{"a":${'['.repeat(1_000_000)}`), 'malformed')
})

test('takes an empty body as one without members', () => {
  assert.deepEqual(parseJsonBody(new Uint8Array()), { kind: 'body', body: {} })
})

test('reads what JSON.stringify wrote, whatever is in its strings', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), (members) => {
      const read = parseJsonBody(Buffer.from(JSON.stringify(members)))
      assert.deepEqual(read.kind === 'body' && JSON.stringify(read.body), JSON.stringify(members))
    }),
  )
})

test('never throws on hostile bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.match(parseJsonBody(bytes).kind, /^(body|malformed)$/)
    }),
  )
})

test('finds the operation in a target of this service and in no other', () => {
  const prefix = 'AmazonEC2ContainerRegistry_V20150921'
  assert.equal(operationOfTarget(`${prefix}.PutImage`, prefix), 'PutImage')
  assert.equal(operationOfTarget(`${prefix}X.PutImage`, prefix), undefined)
  assert.equal(operationOfTarget('DynamoDB_20120810.PutItem', prefix), undefined)
  assert.equal(operationOfTarget(undefined, prefix), undefined)
})

test('names an error in the body and in the header, with its further members', () => {
  const reply = jsonError({
    name: 'InvalidLayerPartException',
    status: 400,
    message: 'too "short"',
    members: { lastValidByteReceived: 9 },
  })
  assert.equal(reply.status, 400)
  assert.equal(reply.headers['x-amzn-errortype'], 'InvalidLayerPartException')
  assert.equal(reply.headers['content-type'], 'application/x-amz-json-1.1')
  assert.equal(
    reply.body,
    '{"__type":"InvalidLayerPartException","message":"too \\"short\\"","lastValidByteReceived":9}',
  )
})

test('leaves absent members out of an answer', () => {
  assert.equal(jsonReply({ imageIds: [], nextToken: undefined }).body, '{"imageIds":[]}')
})

test('refuses bytes that are not UTF-8 instead of replacing them', () => {
  const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')])
  assert.equal(parseJsonBody(bytes).kind, 'malformed')
})

test('refuses what is nested deeper than any input', () => {
  assert.equal(kindOf(`{"a":${'['.repeat(63)}${']'.repeat(63)}}`), 'body')
  assert.equal(kindOf(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`), 'malformed')
})

test('does not count brackets inside a string: a manifest is one', () => {
  for (const text of ['{'.repeat(20_000), '\\"[{'.repeat(20_000), '"\\'.repeat(20_000)]) {
    const read = parseJsonBody(Buffer.from(JSON.stringify({ imageManifest: text })))
    assert.deepEqual(read, { kind: 'body', body: { imageManifest: text } })
  }
})
