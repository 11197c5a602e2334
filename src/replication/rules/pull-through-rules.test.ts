import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import {
  canonicalPrefix,
  faultOfPrefixes,
  pullThroughPrefixPattern,
  root,
  selectRule,
  upstreamName,
  type Prefixes,
} from './pull-through-rules.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
const { cases } = JSON.parse(
  readFileSync(new URL('cases/upstream-names.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly (Prefixes & Readonly<Record<'name' | 'behind', string>>)[] }

for (const { prefix, upstreamPrefix, name, behind } of cases) {
  test(`${prefix} before ${upstreamPrefix}: ${name} is ${behind} there`, () => {
    assert.equal(upstreamName({ prefix, upstreamPrefix }, name), behind)
    assert.equal(faultOfPrefixes({ prefix, upstreamPrefix }), undefined)
  })
}

test('behind ROOT there is no other prefix; a prefix ends at a slash', () => {
  assert.match(faultOfPrefixes({ prefix: root, upstreamPrefix: 'x' }) ?? '', /other than ROOT$/)
  const rules = [{ prefix: 'hub', upstreamPrefix: root }]
  for (const name of ['hub', 'hubs/x', 'my/hub/x', 'ROOT/x'])
    assert.equal(selectRule(rules, name), undefined, name)
})

test('the grammar of prefixes is the model’s, and takes no time on hostile text', () => {
  const pattern = new RegExp(pullThroughPrefixPattern, 'u')
  for (const good of ['ROOT', 'hub', 'hub/', 'a/b--c/d__e.f']) assert.match(good, pattern)
  for (const bad of ['', '/', 'ROOT/', 'Hub', 'a//b', 'a___b', `${'a'.repeat(30_000)}!`])
    assert.doesNotMatch(bad, pattern)
})

const segment = fc.constantFrom('a', 'b', 'ab', 'a-b')
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'))

test('of the prefixes that end at a slash of the name the longest counts, ROOT only where there is none, in any order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(path, fc.constant(root)), { maxLength: 8 }),
      path,
      (prefixes, name) => {
        const rules = prefixes.map((prefix) => ({ prefix, upstreamPrefix: root }))
        const chosen = selectRule(rules, name)?.prefix
        const steps = name.split('/')
        const parents = steps.map((_, at) => steps.slice(0, at).join('/')).slice(1)
        const expected =
          parents.findLast((parent) => prefixes.includes(parent)) ??
          (prefixes.includes(root) ? root : undefined)
        assert.equal(chosen, expected)
        assert.equal(selectRule(rules.toReversed(), name)?.prefix, expected)
        if (chosen === undefined) return
        const behind = upstreamName({ prefix: chosen, upstreamPrefix: root }, name)
        assert.equal(chosen === root ? behind : `${chosen}/${behind}`, name)
        assert.equal(canonicalPrefix(`${chosen}/`), chosen)
      },
    ),
    { numRuns: fuzzRuns(300), seed: fuzzSeed() },
  )
})
