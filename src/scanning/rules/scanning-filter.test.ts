import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  matchesScanningFilter,
  maxScanningFilterLength,
  scanningFilterPattern,
} from './scanning-filter.ts'

interface FilterCase {
  readonly source: string
  readonly filter: string
  readonly matches: readonly string[]
  readonly others: readonly string[]
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file of this folder
const cases = JSON.parse(
  readFileSync(new URL('cases/scanning-filters.json', import.meta.url), 'utf8'),
) as readonly FilterCase[]

for (const { filter, matches, others, source } of cases) {
  test(`the filter ${filter} names what it should (${source})`, () => {
    for (const name of matches) assert.equal(matchesScanningFilter(filter, name), true, name)
    for (const name of others) assert.equal(matchesScanningFilter(filter, name), false, name)
  })
}

const grammar = new RegExp(scanningFilterPattern)
/** The model's own. */
const modelGrammar = /^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$/

test('the grammar of filters is the model’s, and a hostile text is read in time that grows with its length', () => {
  const characters = fc.string({
    unit: fc.constantFrom('a', 'b', '0', '*', '.', '_', '-', '/', 'A', ' '),
    maxLength: 12,
  })
  fc.assert(
    fc.property(characters, (text) => grammar.test(text) === modelGrammar.test(text)),
    { numRuns: 2000 },
  )
  assert.equal(grammar.test(`${'a'.repeat(maxScanningFilterLength)}!`), false)
})

test('a filter names exactly what the same text as a regular expression does', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 12 })
  const filter = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(filter, name, (text, repository) => {
      const anchored = new RegExp(`^${text.replaceAll('*', '.*')}$`)
      const expected = text.includes('*') ? anchored.test(repository) : repository.includes(text)
      return matchesScanningFilter(text, repository) === expected
    }),
    { numRuns: 2000 },
  )
})
