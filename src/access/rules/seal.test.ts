import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deriveKey, openSealed, seal, type SealPurpose } from './seal.ts'

const master = Buffer.alloc(32, 3)
const key = deriveKey(master, 'access-key')
const nonce = Buffer.alloc(12, 9)

test('opens nothing that was altered anywhere, cut or lengthened', () => {
  const sealed = seal(key, nonce, Buffer.from('secret'), 'AKIAX')
  for (let at = 0; at < sealed.byteLength; at += 1) {
    for (const bit of [1, 128]) {
      const altered = Buffer.from(sealed)
      altered.writeUInt8(altered.readUInt8(at) ^ bit, at)
      assert.equal(openSealed(key, altered, 'AKIAX'), undefined)
    }
    assert.equal(openSealed(key, sealed.subarray(0, at), 'AKIAX'), undefined)
  }
  assert.equal(openSealed(key, Buffer.concat([sealed, Buffer.alloc(1)]), 'AKIAX'), undefined)
})

test('opens nothing under another purpose, master key or context', () => {
  const sealed = seal(key, nonce, Buffer.from('secret'), 'AKIAX')
  const purposes: readonly SealPurpose[] = ['ecr-token', 'paging', 'download']
  for (const purpose of purposes) {
    assert.equal(openSealed(deriveKey(master, purpose), sealed, 'AKIAX'), undefined)
  }
  const other = deriveKey(Buffer.alloc(32, 4), 'access-key')
  assert.equal(openSealed(other, sealed, 'AKIAX'), undefined)
  assert.equal(openSealed(key, sealed, 'AKIAY'), undefined)
  assert.equal(openSealed(key, sealed, ''), undefined)
})

test('a purpose has one key for each master key, and it is not that master key', () => {
  assert.deepEqual(deriveKey(master, 'paging'), deriveKey(master, 'paging'))
  assert.equal(key.byteLength, 32)
  assert.ok(!key.equals(master))
})

test('gives back what was sealed, and shows none of it', () => {
  const bytes = fc.uint8Array({ minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(bytes, fc.uint8Array({ minLength: 8 }), fc.string(), (once, plain, context) => {
      const sealed = seal(key, once, plain, context)
      assert.deepEqual(openSealed(key, sealed, context), Buffer.from(plain))
      assert.equal(sealed.byteLength, 12 + plain.byteLength + 16)
      assert.ok(!sealed.subarray(12).includes(Buffer.from(plain)))
    }),
  )
})

test('no bytes make the opener throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(openSealed(key, bytes, 'x'), undefined)
    }),
  )
})
