import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { lifecycleImages, lifecycleOf } from '../../../test/kit/lifecycle.ts'
import { evaluateLifecycle } from './evaluate-lifecycle.ts'
import { lintLifecycle } from './lint-lifecycle.ts'
import { prefixOf, warnOfOutcome } from './warn-outcome.ts'

interface Case {
  readonly name: string
  readonly rules: readonly string[]
  /** `CODE RULE`. */
  readonly warnings: readonly string[]
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
const { cases } = JSON.parse(readFileSync(new URL('cases/lint.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[]
}

for (const { name, rules, warnings } of cases) {
  test(name, () => {
    const found = lintLifecycle(lifecycleOf(rules)).map(({ code, rule }) => `${code} ${rule ?? ''}`)
    assert.deepEqual(found, warnings)
  })
}

const now = Date.parse('2026-11-24T12:00:00Z')

function warned(
  rules: readonly string[],
  images: Readonly<Record<string, string>>,
): readonly string[] {
  const policy = lifecycleOf(rules)
  const decisions = evaluateLifecycle(policy, lifecycleImages(images, now), { now })
  return warnOfOutcome(policy, decisions).map(({ message }) => message)
}

test('warns when every image goes, signatures and children aside', () => {
  const images = { A: 'v1 | 9d', I: 'v2 | 9d', a: '| 1d, in I', s: '| 1d, of A' }
  assert.deepEqual(warned(['1 any pushed:2d'], images), [
    'every image goes: 2 of 2',
    'the last image of the tags v… goes, and none is left',
  ])
})

test('warns of the last image of a prefix, and not while another stays', () => {
  const images = { A: 'main-1 | 9d', B: 'dev-1 | 9d', C: 'dev-2 | 1d' }
  assert.deepEqual(warned(['1 any pushed:2d'], images), [
    'the last image of the tags main-… goes, and none is left',
  ])
})

test('names ten prefixes and counts the rest', () => {
  const images = Object.fromEntries(
    Array.from({ length: 14 }, (_, index) => [
      `i${index}`,
      `${'abcdefghijklmn'[index] ?? ''}-1 | 9d`,
    ]),
  )
  const found = warned(['1 any pushed:2d'], { ...images, Z: '| 1d' })
  assert.equal(found.length, 11)
  assert.equal(found.at(-1), 'so do the last images of 4 more prefixes')
})

test('warns of a rule that is about no image of the repository', () => {
  assert.deepEqual(warned(['1 prefix:relase pushed:2d'], { A: 'release-1 | 9d' }), [
    'rule 1 is about no image that is there now',
  ])
})

test('a prefix ends behind the first sign that divides, or before the first digit', () => {
  const found = ['feature-x', 'v1.2', 'latest', '1.2', 'sha256-ab', '2024', 'a_b'].map(prefixOf)
  assert.deepEqual(found, ['feature-', 'v', 'latest', '1.', 'sha', '2024', 'a_'])
})
