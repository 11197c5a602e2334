import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { formatMasterKeys, masterKeyOf, parseMasterKeys } from './master-keys.ts'

const key = Buffer.alloc(32, 7)

const refused: readonly string[] = [
  '',
  ' \n ',
  'x',
  key.subarray(1).toString('base64'),
  key.subarray(1).toString('hex'),
  `${key.toString('base64')}=`,
  `${key.toString('hex')}0`,
  key.toString('base64').replace(/./, '-'),
  `${key.toString('base64')}\n# a comment`,
  Array.from({ length: 9 }, (_, byte) => Buffer.alloc(32, byte).toString('hex')).join('\n'),
]
for (const text of refused) {
  test(`${JSON.stringify(text.slice(0, 60))} is no text of master keys`, () => {
    assert.equal(parseMasterKeys(text), undefined)
  })
}

test('a key is the same in base64 and in hexadecimal, and counts once', () => {
  const text = [key.toString('base64'), key.toString('hex'), key.toString('hex').toUpperCase()]
  const [first, ...others] = parseMasterKeys(text.join('\n')) ?? []
  assert.equal(first?.id, masterKeyOf(key).id)
  assert.match(first.id, /^[0-9a-f]{16}$/)
  assert.deepEqual(others, [])
})

test('what is written is read as it was, and no key shows itself', () => {
  const keys = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
    minLength: 1,
    maxLength: 8,
    selector: (bytes) => Buffer.from(bytes).toString('hex'),
  })
  fc.assert(
    fc.property(keys, (all) => {
      const masters = all.map((bytes) => masterKeyOf(bytes))
      const text = formatMasterKeys(masters)
      assert.deepEqual(
        parseMasterKeys(text)?.map(({ id }) => id),
        masters.map(({ id }) => id),
      )
      const shown = inspect(masters, { showHidden: true, depth: null }) + JSON.stringify(masters)
      for (const line of text.trim().split('\n')) assert.ok(!shown.includes(line))
    }),
  )
})
