import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReference } from './reference.ts'

const hex = 'a'.repeat(64)

test('refuses text that is neither tag nor digest', () => {
  const refused = ['', 'sha256:abc', `sha256:${hex.toUpperCase()}`, ':', 'v1:', '-x', 'a/b', '@']
  for (const text of refused) assert.equal(parseReference(text), undefined, JSON.stringify(text))
})

test('text with a colon is a digest, without one a tag', () => {
  assert.deepEqual(parseReference(`sha256:${hex}`), { kind: 'digest', digest: `sha256:${hex}` })
  assert.deepEqual(parseReference(`sha512:${hex}${hex}`), {
    kind: 'digest',
    digest: `sha512:${hex}${hex}`,
  })
  assert.deepEqual(parseReference('v1'), { kind: 'tag', tag: 'v1' })
  // The fallback tag of referrers looks like a digest and is a tag.
  assert.deepEqual(parseReference(`sha256-${hex}`), { kind: 'tag', tag: `sha256-${hex}` })
})
