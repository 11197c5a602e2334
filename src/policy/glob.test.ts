// Patterns against texts: right by comparison with the obvious matcher, and cheap by counting.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { contextOf } from './context-values.ts'
import type { Meter } from './glob.ts'
import { compileTokens, tokenise } from './pattern.ts'

const noContext = contextOf({})

function stepsOf(pattern: string, text: string): { matched: boolean | undefined; steps: number } {
  const meter: Meter = { steps: 0 }
  const matches = compileTokens(tokenise(pattern, { hasVariables: false, hasWildcards: true }))
  return { matched: matches(text, noContext, meter), steps: meter.steps }
}

/** One row of the table of Wagner and Fischer's kind: quadratic, and hard to get wrong. */
function matchesByTable(pattern: string, text: string): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, index) => index === 0)
  for (const character of pattern.split('')) {
    const next = row.map(() => false)
    for (let index = 0; index <= text.length; index++) {
      const before = index > 0 && row[index - 1] === true
      if (character === '*')
        next[index] = row[index] === true || (index > 0 && next[index - 1] === true)
      else next[index] = before && (character === '?' || character === text.charAt(index - 1))
    }
    row = next
  }
  return row.at(-1) === true
}

const runs = { numRuns: fuzzRuns(3000), seed: fuzzSeed() }

test('matches as the obvious matcher does', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 24 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 48 })
  fc.assert(
    fc.property(pattern, text, (wanted, had) => {
      assert.equal(stepsOf(wanted, had).matched, matchesByTable(wanted, had))
    }),
    runs,
  )
})

test('matches long pieces as the obvious matcher does, with and without single wildcards', () => {
  const piece = fc.string({
    unit: fc.constantFrom('a', 'a', 'b', '?'),
    minLength: 15,
    maxLength: 70,
  })
  const literal = fc.string({ unit: fc.constantFrom('a', 'a', 'b'), minLength: 15, maxLength: 40 })
  const around = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 90 })
  fc.assert(
    fc.property(fc.oneof(piece, literal), around, around, (wanted, before, after) => {
      const pattern = `*${wanted}*`
      for (const text of [before, `${before}${wanted.replaceAll('?', 'c')}${after}`]) {
        assert.equal(stepsOf(pattern, text).matched, matchesByTable(pattern, text))
      }
    }),
    runs,
  )
})

test('a hostile pattern costs a fixed number of looks for each character', () => {
  const hostile: readonly (readonly [pattern: string, text: string])[] = [
    ['*a'.repeat(40), 'a'.repeat(255) + 'b'],
    [`${'*a'.repeat(40)}*c`, 'a'.repeat(256)],
    [`*${'a'.repeat(1023)}b*`, 'a'.repeat(2048)],
    [`*${'ab'.repeat(300)}c*`, 'ab'.repeat(1024)],
    [`*${'a'.repeat(12)}b*`, 'a'.repeat(2048)],
    ['*'.repeat(2048), 'a'.repeat(2048)],
  ]
  for (const [pattern, text] of hostile) {
    const { steps } = stepsOf(pattern, text)
    assert.ok(steps <= 2 * text.length + pattern.length, `${pattern.slice(0, 20)}…: ${steps}`)
  }
  const single = stepsOf(`*${'?a'.repeat(512)}b*`, 'a'.repeat(2048))
  assert.equal(single.matched, false)
  assert.ok(single.steps <= (1025 / 32 + 1) * 2048)
})

test('cost grows as pattern and text do, whatever they hold', () => {
  const wild = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b', '*'), maxLength: 400 })
  const text = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b'), maxLength: 1500 })
  fc.assert(
    fc.property(wild, text, (pattern, had) => {
      const { steps } = stepsOf(pattern, had)
      assert.ok(steps <= 2 * had.length + 2 * pattern.length, `${steps}`)
    }),
    runs,
  )
})
