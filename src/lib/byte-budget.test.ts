import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget } from './byte-budget.ts'

test('refuses what does not fit, and takes it when room was given back', () => {
  const budget = new ByteBudget(10)
  assert.ok(budget.take(6))
  assert.ok(!budget.take(5))
  assert.ok(budget.take(4))
  budget.give(6)
  assert.ok(budget.take(5))
})
