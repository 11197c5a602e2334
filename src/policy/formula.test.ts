import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextOf } from './context-values.ts'
import { all, always, any, constant, formulaText, holds, never, not, testOf } from './formula.ts'

const [a, b, c] = ['A', 'B', 'C'].map((text) =>
  testOf({ text, holds: (context) => context.get(text.toLowerCase()) === 'true' }),
)
assert.ok(a !== undefined && b !== undefined && c !== undefined)

test('constants are worked out, and what is said twice is said once', () => {
  assert.deepEqual(all([]), always)
  assert.deepEqual(any([]), never)
  assert.deepEqual(all([a, never]), never)
  assert.deepEqual(any([a, always]), always)
  assert.deepEqual(all([a, always]), a)
  assert.deepEqual(any([a, a, never]), a)
  assert.deepEqual(not(always), never)
  assert.deepEqual(not(never), always)
  assert.deepEqual(constant(true), always)
  assert.deepEqual(constant(false), never)
  assert.equal(formulaText(all([a, all([b, c]), b])), 'A and B and C')
})

test('a formula is said in the words of its tests, and holds as it says', () => {
  const formula = all([any([a, b]), not(c)])
  assert.equal(formulaText(formula), '(A or B) and not (C)')
  assert.equal(formulaText(not(any([a, b]))), 'not (A or B)')
  assert.deepEqual([formulaText(always), formulaText(never)], ['always', 'never'])
  const cases: readonly (readonly [Record<string, string>, boolean])[] = [
    [{}, false],
    [{ a: 'true' }, true],
    [{ b: 'true' }, true],
    [{ a: 'true', c: 'true' }, false],
  ]
  for (const [context, expected] of cases)
    assert.equal(holds(formula, contextOf(context)), expected)
  assert.equal(holds(always, contextOf({})), true)
  assert.equal(holds(never, contextOf({})), false)
})
