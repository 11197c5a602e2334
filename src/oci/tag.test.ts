import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTag } from './tag.ts'

test('refuses what is outside the grammar', () => {
  const refused = [
    '',
    '.a',
    '-a',
    'a b',
    'a/b',
    'a:b',
    'a+b',
    'ä',
    'a\n',
    'a\0',
    '%41',
    '..',
    'a'.repeat(129),
  ]
  for (const text of refused) assert.equal(parseTag(text), undefined, JSON.stringify(text))
})

test('accepts every tag of the grammar, up to 128 characters, unchanged', () => {
  for (const text of ['a', '_', '0', '_.-', 'v1.2.3-rc.1', 'LATEST', 'a'.repeat(128)]) {
    assert.equal(parseTag(text), text)
  }
  // OCI distribution-spec, "Pulling manifests".
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/), (text) => {
      assert.equal(parseTag(text), text)
    }),
  )
})
