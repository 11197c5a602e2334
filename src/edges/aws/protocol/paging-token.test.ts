import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveKey } from '../../../access/rules/seal.ts'
import fc from 'fast-check'
import { decodeToken, encodeToken } from './paging-token.ts'

const key = deriveKey(Buffer.alloc(32, 1), 'paging')
const nonce = Buffer.alloc(12, 2)
const list = {
  operation: 'ListImages',
  inputs: { account: '123456789012', repository: 'team/app' },
}
const token = encodeToken(key, nonce, list, ['team/app', 7])

test('refuses a token of another operation, other inputs, another account or another key', () => {
  const { operation, inputs } = list
  assert.equal(decodeToken(key, { operation: 'DescribeImages', inputs }, token), undefined)
  const repository = { ...inputs, repository: 'team/other' }
  assert.equal(decodeToken(key, { operation, inputs: repository }, token), undefined)
  const account = { ...inputs, account: '210987654321' }
  assert.equal(decodeToken(key, { operation, inputs: account }, token), undefined)
  assert.equal(decodeToken(deriveKey(Buffer.alloc(32, 3), 'paging'), list, token), undefined)
})

test('refuses a token in which any one bit was changed', () => {
  const bytes = Buffer.from(token, 'base64url')
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const altered = Buffer.from(bytes)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(decodeToken(key, list, altered.toString('base64url')), undefined)
    }),
  )
})

test('refuses what is no token at all, however long', () => {
  for (const text of ['', 'AAAA', token.slice(0, -4), 'A'.repeat(1_000_000)]) {
    assert.equal(decodeToken(key, list, text), undefined)
  }
})

test('gives back the cursor it was made from', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.integer())), (cursor) => {
      assert.deepEqual(decodeToken(key, list, encodeToken(key, nonce, list, cursor)), cursor)
    }),
  )
})

test('shows nothing of the cursor', () => {
  assert.equal(Buffer.from(token, 'base64url').includes('team/app'), false)
})

test('refuses a token in another spelling', () => {
  for (const text of [`${token}!`, `${token}=`, ` ${token}`]) {
    assert.equal(decodeToken(key, list, text), undefined)
  }
})
