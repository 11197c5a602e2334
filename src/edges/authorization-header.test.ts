import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAuthorization } from './authorization-header.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('what is neither Basic nor Bearer, or malformed, or too long is nothing', () => {
  const refused = [
    '',
    'Basic',
    'Basic ',
    'Basic !!!',
    `Basic ${base64('no colon')}`,
    `Basic ${base64('a:b')} x`,
    `Basic ${base64('a:b')}===`,
    'Basic a.b-c',
    `Digest ${base64('a:b')}`,
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer ä',
    `Bearer ${'a'.repeat(9000)}`,
    `Basic ${base64(`a:${'b'.repeat(9000)}`)}`,
  ]
  for (const header of refused) assert.equal(readAuthorization(header).scheme, 'other', header)
})

test('schemes are read without case, credentials with it', () => {
  const basic = { scheme: 'basic', user: 'AWS', password: 'a:B' }
  for (const scheme of ['Basic', 'basic', 'BASIC ']) {
    assert.deepEqual(readAuthorization(`${scheme} ${base64('AWS:a:B')}`), basic)
  }
  assert.deepEqual(readAuthorization('bearer aB-_.~+/=='), {
    scheme: 'bearer',
    token: 'aB-_.~+/==',
  })
})

test('user and password come back as they were sent, whatever is in them', () => {
  const user = fc.string({ maxLength: 200, unit: 'binary' }).filter((text) => !text.includes(':'))
  const password = fc.string({ maxLength: 200, unit: 'binary' })
  fc.assert(
    fc.property(user, password, (name, secret) => {
      const read = readAuthorization(`Basic ${base64(`${name}:${secret}`)}`)
      assert.deepEqual(read, { scheme: 'basic', user: name, password: secret })
    }),
  )
})

test('no text makes the reader throw', () => {
  const piece = fc.constantFrom('Basic', 'Bearer', ' ', '\t', '=', ',', 'QTpC', '\0', 'é')
  const text = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(fc.property(text, (header) => void readAuthorization(header)))
})
