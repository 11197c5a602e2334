import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openNobodysSecret, openSecret, sealSecret } from './seal-secret.ts'
import { deriveKey, keyId, seal, type SealKeys } from './seal.ts'

const master = Buffer.alloc(32, 3)
const keys = deriveKey(master, 'access-key')
const nonce = Buffer.alloc(12, 9)
const place = { table: 'access_keys', row: 'AKIAX' } as const
const plain = Buffer.from('s'.repeat(40))

test('a sealed secret opens in no other row, table, or form', () => {
  const { bytes } = sealSecret(keys, nonce, place, plain)
  assert.equal(openSecret(keys, { ...place, row: 'AKIAY' }, bytes), undefined)
  assert.equal(openSecret(keys, { ...place, table: 'stored_keys' }, bytes), undefined)
  assert.equal(openSecret(deriveKey(Buffer.alloc(32, 4), 'access-key'), place, bytes), undefined)
  for (const context of ['AKIAX', 'access_keys|AKIAX', 'access_keys|AKIAX|2']) {
    assert.equal(openSecret(keys, place, seal(keys, nonce, plain, context)), undefined)
  }
})

test('it opens in its own, and says under which key it is sealed', () => {
  const { bytes, under } = sealSecret(keys, nonce, place, plain)
  assert.deepEqual(openSecret(keys, place, bytes), plain)
  assert.equal(under, keyId(master).toString('hex'))
})

test('nobody’s secret costs as many uses of a key as somebody’s, and opens never', () => {
  let uses = 0
  const [{ id, key }] = keys.inUse()
  const counted: SealKeys = {
    inUse: () => {
      const counting = {
        id,
        get key() {
          uses += 1
          return key
        },
      }
      return [counting]
    },
  }
  openSecret(counted, place, sealSecret(keys, nonce, place, plain).bytes)
  const ofSomebody = uses
  assert.equal(openNobodysSecret(counted, place, 40), undefined)
  assert.deepEqual([ofSomebody, uses], [1, 2])
})
