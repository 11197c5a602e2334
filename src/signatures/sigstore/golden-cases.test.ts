import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOfIdentityPattern, matchesIdentity } from './identity-pattern.ts'
import { factsOf } from './predicate-facts.ts'
import { matchesPredicateType } from './predicate-types.ts'

function casesOf(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./cases/${name}.json`, import.meta.url), 'utf8'))
}

interface PatternCase {
  readonly pattern: string
  readonly name: string
  readonly expected: boolean
  readonly source: string
}

test('identities match as the table says', () => {
  for (const { pattern, name, expected, source } of casesOf(
    'identity-patterns',
  ) as readonly PatternCase[])
    assert.equal(matchesIdentity(pattern, name), expected, `${pattern} ${name}: ${source}`)
})

test('a pattern matches what its stars are replaced with, and never another number of @', () => {
  const word = fc.stringMatching(/^[a-z/.-]{0,12}$/)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), fc.array(word), (pieces, given) => {
      const pattern = `https://github.com/${pieces.join('*')}`
      if (faultOfIdentityPattern(pattern) !== undefined) return
      let at = 0
      const name = pattern.replaceAll('*', () => given[at++] ?? '')
      assert.ok(matchesIdentity(pattern, name))
      assert.ok(!matchesIdentity(pattern, `${name}@x`))
      assert.ok(!matchesIdentity(pattern, `x${name}`))
    }),
    { numRuns: 200 },
  )
})

test('a pattern of many stars costs no time', () => {
  const pattern = `https://github.com/${'a*'.repeat(8)}b`
  assert.equal(matchesIdentity(pattern, `https://github.com/${'a'.repeat(1000)}`), false)
  assert.match(faultOfIdentityPattern(`https://github.com/${'*'.repeat(9)}`) ?? '', /8 stars/)
})

interface TypeCase {
  readonly wanted: string
  readonly type: string
  readonly expected: boolean
  readonly source: string
}

test('predicate types match as the table says', () => {
  for (const { wanted, type, expected, source } of casesOf(
    'predicate-types',
  ) as readonly TypeCase[])
    assert.equal(matchesPredicateType(wanted, type), expected, `${wanted} ${type}: ${source}`)
})

interface FactsCase {
  readonly name: string
  readonly type: string
  readonly predicate: unknown
  readonly expected: object
  readonly source: string
}

test('predicates are read as the table says', () => {
  for (const { name, type, predicate, expected } of casesOf(
    'predicate-facts',
  ) as readonly FactsCase[]) {
    // As JSON, where what is not said is not there.
    const facts: unknown = JSON.parse(JSON.stringify(factsOf(type, predicate)))
    assert.deepEqual(facts, expected, name)
  }
})
