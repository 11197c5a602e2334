import assert from 'node:assert/strict'
import { test } from 'node:test'
import { confidenceOf, type Confidence } from './confidence.ts'
import { judgeOwnership } from './judge-ownership.ts'

const flaw = { vulnerability: 'CVE-2024-1', aliases: ['GHSA-aaaa-bbbb-cccc'] }

test('the distribution decides on a flaw that it names, by any of its ids', () => {
  for (const id of ['CVE-2024-1', 'GHSA-aaaa-bbbb-cccc']) {
    for (const tellsOfUnmended of [true, false]) {
      const distribution = { named: new Set([id]), tellsOfUnmended }
      assert.equal(judgeOwnership(flaw, distribution).kind, 'distribution-decides')
    }
  }
})

test('silence says something only of a distribution that tells of unmended flaws too', () => {
  const named = new Set(['CVE-2024-2'])
  assert.equal(judgeOwnership(flaw, { named, tellsOfUnmended: true }).kind, 'distribution-silent')
  assert.equal(judgeOwnership(flaw, { named, tellsOfUnmended: false }).kind, 'open')
})

test('silence says nothing of a package that the distribution never spoke of: anybody may have built it', () => {
  const named = new Set<string>()
  assert.equal(judgeOwnership(flaw, { named, tellsOfUnmended: true }).kind, 'open')
})

const sure = {
  verdict: 'affected',
  isSystemPackage: false,
  evidence: 'installed',
  isOwned: false,
} as const

const cases: readonly (readonly [
  string,
  Partial<Parameters<typeof confidenceOf>[0]>,
  Confidence,
])[] = [
  ['a package of the system', { isSystemPackage: true }, 'exact'],
  ['an installed library', {}, 'high'],
  ['a library that the system brought', { isOwned: true }, 'medium'],
  ['a promise of a lock file', { evidence: 'declared' }, 'low'],
  ['a text in an executable', { evidence: 'recognised' }, 'low'],
  ['a version that cannot be judged', { verdict: 'unknown', isSystemPackage: true }, 'low'],
]

for (const [name, facts, expected] of cases) {
  test(`the confidence in a finding of ${name} is ${expected}`, () => {
    assert.equal(confidenceOf({ ...sure, ...facts }), expected)
  })
}
