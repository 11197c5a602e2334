import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRepositoryName } from './repository-name.ts'

test('refuses what is outside the grammar or the length', () => {
  const refused = [
    '',
    'a',
    'App',
    'a/',
    '/a',
    'a//b',
    'a..b',
    'a._b',
    'a___b',
    'a_.b',
    'a_-b',
    '-a',
    'a-',
    '_a',
    'a_',
    '.a',
    'a.',
    'a/.b',
    'a/../b',
    'a/-b',
    'a b',
    'a:b',
    'a@b',
    'a\n',
    'ab\n',
    'aß',
    'a%2fb',
    'a\\b',
    'a'.repeat(257),
    `${'a/'.repeat(128)}a`,
  ]
  for (const text of refused) {
    assert.equal(parseRepositoryName(text), undefined, JSON.stringify(text))
  }
})

test('accepts names of the grammar, also with the words that paths are made of', () => {
  const accepted = [
    'ab',
    '00',
    'a/b',
    'a.b_c__d-e---f/g',
    'blobs/uploads',
    'manifests/tags/list/referrers',
    'a'.repeat(256),
    `${'a/'.repeat(127)}ab`,
  ]
  for (const text of accepted) assert.equal(parseRepositoryName(text), text)
})

test('agrees with the grammar of the specification on any text', () => {
  // OCI distribution-spec, "Pulling manifests", as it is written there; the lengths are ECR's.
  const written = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '0', '.', '_', '-', '/', 'A'), maxLength: 20 }),
    fc.stringMatching(written),
  )
  fc.assert(
    fc.property(text, (name) => {
      const expected = written.test(name) && name.length >= 2 && name.length <= 256
      assert.equal(parseRepositoryName(name), expected ? name : undefined)
    }),
  )
})

test('a long name that almost fits is refused without trying all ways to part it', () => {
  for (const part of ['a', 'a-', 'a.', 'a/', '-', '__', 'a__']) {
    const name = `${part.repeat(256).slice(0, 255)}!`
    assert.equal(parseRepositoryName(name), undefined)
  }
})
