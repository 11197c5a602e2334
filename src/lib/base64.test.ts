import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, decodeEitherBase64 } from './base64.ts'

test('what was encoded is decoded, in the alphabets that are taken', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (given) => {
      const bytes = Buffer.from(given)
      const [standard, url] = [bytes.toString('base64'), bytes.toString('base64url')]
      assert.deepEqual(decodeBase64(standard), bytes)
      assert.deepEqual(decodeBase64(url, 'base64url'), bytes)
      for (const text of [standard, url, standard.replace(/=+$/, '')])
        assert.deepEqual(decodeEitherBase64(text), bytes)
    }),
  )
})

test('what another decoder could read as other bytes is refused', () => {
  for (const text of [
    'QQ==\n',
    'Q Q==',
    'QR==',
    'QQ===',
    'QUI==',
    'Q',
    '=',
    '====',
    'QQ==QQ==',
    'Ä',
    '\0',
    7,
    null,
  ])
    for (const read of [decodeBase64(text), decodeEitherBase64(text)])
      assert.equal(read, undefined, String(text))
  for (const text of ['QQ', '-_-_']) assert.equal(decodeBase64(text), undefined, text)
  for (const text of ['QQ==', '+/+/'])
    assert.equal(decodeBase64(text, 'base64url'), undefined, text)
})
