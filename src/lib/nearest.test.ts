import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nearest } from './nearest.ts'

const known = ['PRATIQUE_DATA', 'PRATIQUE_LISTEN', 'PRATIQUE_LOG', 'PRATIQUE_URL']

test('says nothing where nothing is near', () => {
  assert.equal(nearest('PRATIQUE_SOMETHING_ELSE', known), undefined)
  assert.equal(nearest('zzzzz', ['data', 'listen']), undefined)
  assert.equal(nearest('data', []), undefined)
})

test('finds the word behind a slip of the hand', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['PRATIQUE_DATA', 'PRATIQUE_DATA'],
    ['PRATIQUE_DTAA', 'PRATIQUE_DATA'],
    ['PRATIQUE_LISTNE', 'PRATIQUE_LISTEN'],
    ['PRATIQUE_LISTENN', 'PRATIQUE_LISTEN'],
    ['PRATIQE_URL', 'PRATIQUE_URL'],
    ['PRATIQUE_LOGS', 'PRATIQUE_LOG'],
  ]
  for (const [word, expected] of cases) assert.equal(nearest(word, known), expected)
  assert.equal(nearest('dta', ['data', 'listen']), 'data')
})

test('a known word is nearest to itself, and one change away it is still found', () => {
  const word = fc.constantFrom(...known)
  fc.assert(
    fc.property(word, fc.nat(20), fc.constantFrom('', 'x', 'xy'), (text, at, put) => {
      assert.equal(nearest(text, known), text)
      const changed = text.slice(0, at) + put + text.slice(at + 1)
      assert.ok(nearest(changed, [text]) === text)
    }),
  )
})

test('any word gets one of the known ones or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (word, words) => {
      const found = nearest(word, words)
      assert.ok(found === undefined || words.includes(found))
    }),
  )
})
