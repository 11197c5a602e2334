import assert from 'node:assert/strict'
import { createCipheriv, createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  decoy,
  deriveKey,
  keyId,
  keyNameOf,
  namesKey,
  openSealed,
  seal,
  type SealKeys,
  type SealPurpose,
} from './seal.ts'

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
  const [{ key: derived, id }] = key.inUse()
  assert.ok(derived.equals(deriveKey(createSecretKey(master), 'access-key').inUse()[0].key))
  assert.equal(derived.symmetricKeySize, 32)
  assert.ok(!derived.export().equals(master))
  assert.ok(!inspect(key.inUse(), { showHidden: true }).includes(derived.export().toString('hex')))
  assert.deepEqual(id, keyId(master))
  assert.equal(id.byteLength, 8)
})

const [newer, older] = [Buffer.alloc(32, 5), master].map(
  (each) => deriveKey(each, 'bearer').inUse()[0],
)
assert.ok(newer !== undefined && older !== undefined)
const both: SealKeys = { inUse: () => [newer, older] }

test('seals under the first key, and opens what was sealed under any that is in use', () => {
  const sealedBefore = seal(deriveKey(master, 'bearer'), nonce, Buffer.from('old'), 'x')
  const sealed = seal(both, nonce, Buffer.from('new'), 'x')
  assert.equal(openSealed(both, sealedBefore, 'x')?.toString(), 'old')
  assert.equal(openSealed(both, sealed, 'x')?.toString(), 'new')
  assert.equal(openSealed(deriveKey(master, 'bearer'), sealed, 'x'), undefined)
  assert.equal(keyNameOf(sealed), keyId(Buffer.alloc(32, 5)).toString('hex'))
})

test('what names another key than it is sealed under opens under neither', () => {
  const sealed = seal(both, nonce, Buffer.from('new'), 'x')
  older.id.copy(sealed, 1)
  assert.equal(openSealed(both, sealed, 'x'), undefined)
})

test('the first form, which names no key, opens under every key in use', () => {
  for (const { key: raw } of both.inUse()) {
    const cipher = createCipheriv('aes-256-gcm', raw, nonce).setAAD(Buffer.from('x'))
    const box = [nonce, cipher.update('old'), cipher.final(), cipher.getAuthTag()]
    assert.equal(openSealed(both, Buffer.concat(box), 'x')?.toString(), 'old')
    assert.equal(openSealed(both, Buffer.concat(box), 'y'), undefined)
  }
})

test('gives back what was sealed, and shows none of it', () => {
  const bytes = fc.uint8Array({ minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(bytes, fc.uint8Array({ minLength: 8 }), fc.string(), (once, plain, context) => {
      const sealed = seal(key, once, plain, context)
      assert.deepEqual(openSealed(key, sealed, context), Buffer.from(plain))
      assert.equal(sealed.byteLength, 9 + 12 + plain.byteLength + 16)
      assert.ok(!sealed.subarray(21).includes(Buffer.from(plain)))
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

test('a decoy names the key in use, has the length of a sealed secret, and opens never', () => {
  const sealed = seal(both, nonce, Buffer.alloc(40), 'x')
  const nothing = decoy(both, 40)
  assert.equal(nothing.byteLength, sealed.byteLength)
  assert.ok(namesKey(both, nothing) && namesKey(both, sealed))
  assert.equal(openSealed(both, nothing, 'x'), undefined)
})
