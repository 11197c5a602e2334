import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findEcosystem } from '../../ecosystems/table.ts'
import { isWithin, parseVersionRange } from './version-range.ts'

const compare = findEcosystem('npm')?.compareVersions ?? (() => ({ kind: 'unparsable', text: '' }))

const cases: readonly (readonly [range: string, version: string, expected: string])[] = [
  ['>=2.0.0, <2.17.1', '2.0.0', 'inside'],
  ['>=2.0.0, <2.17.1', '2.17.1', 'outside'],
  ['>=2.0.0 <2.17.1', '2.9.0', 'inside'],
  ['> 1.0.0', '1.0.1', 'inside'],
  ['1.2.3', '1.2.3', 'inside'],
  ['==1.2.3', '1.2.4', 'outside'],
  ['!=1.2.3', '1.2.3', 'outside'],
  ['<2.0.0', 'odd', 'unknown'],
]

for (const [range, version, expected] of cases) {
  test(`${version} is ${expected} ${range}`, () => {
    const bounds = parseVersionRange(range)
    assert.ok(bounds)
    assert.equal(isWithin(version, bounds, compare), expected)
  })
}

test('what is no range is refused, and no text throws', () => {
  for (const text of ['', ' , ', '<', '>=', '1 ||| <', '^1.2 <>3'])
    assert.equal(parseVersionRange(text), undefined, text)
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const bounds = parseVersionRange(text)
      assert.ok(bounds === undefined || bounds.length > 0)
    }),
  )
})
