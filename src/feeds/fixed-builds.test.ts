import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchPackage } from '../ecosystems/match.ts'
import { parseOsvRecord } from '../ecosystems/osv.ts'
import { compareRpmVersions } from '../ecosystems/rpm/version.ts'
import { affectedBelow } from './fixed-builds.ts'

function isAffected(version: string, fixes: readonly string[]): boolean {
  const name = { ecosystem: 'Oracle Linux:9', name: 'a' }
  const reading = parseOsvRecord({
    id: 'X-1',
    affected: [{ package: name, ranges: affectedBelow(fixes) }],
  })
  assert.ok(reading.kind === 'advisory')
  const [affected] = reading.advisory.affected
  assert.ok(affected !== undefined)
  return matchPackage(version, affected, compareRpmVersions).kind === 'affected'
}

const cases: readonly (readonly [
  fixes: readonly string[],
  affected: string[],
  mended: string[],
])[] = [
  // CVE-2023-38545: 9.2 and 9.3 were mended apart, and 9.3 came with 26.el9.
  [
    ['7.76.1-26.el9_3.2', '7.76.1-23.el9_2.4'],
    ['7.76.1-19.el9', '7.76.1-23.el9_2.3', '7.76.1-26.el9', '7.76.1-26.el9_3.1'],
    ['7.76.1-23.el9_2.4', '7.76.1-23.el9_2.5', '7.76.1-26.el9_3.2', '7.76.1-29.el9_4'],
  ],
  [
    ['5.14.0-284.62.1.el9_2', '5.14.0-427.16.1.el9_4'],
    ['5.14.0-284.61.1.el9_2', '5.14.0-362.8.1.el9_3', '5.14.0-427.13.1.el9_4'],
    ['5.14.0-284.66.1.el9_2', '5.14.0-427.16.1.el9_4', '5.14.0-503.11.1.el9_5'],
  ],
  // One version brought to several minor releases.
  [
    ['115.5.0-1.el9_2', '115.5.0-1.el9_3'],
    ['115.4.0-1.el9_3', '102.1.0-4.el9_2'],
    ['115.5.0-1.el9_2', '115.5.0-1.el9_3'],
  ],
  // Builds that differ by architecture.
  [
    ['110-1.0.1.el8', '110-1.el8'],
    ['109-1.el8', '101-1.0.1.el8'],
    ['110-1.el8', '110-1.0.1.el8', '115-1.el8'],
  ],
  [['1:2.0-1.el8'], ['2.5-1.el8', '1:1.9-9.el8'], ['1:2.0-1.el8']],
  // A release that begins with no number continues nothing.
  [
    ['1.0-a', '1.0-b'],
    ['0.9-1', '1.0-a'],
    ['1.0-b', '1.1-1'],
  ],
]

test('a later minor release that is not mended stays affected, and builds that continue a fix do not', () => {
  for (const [fixes, affected, mended] of cases) {
    for (const version of affected) assert.equal(isAffected(version, fixes), true, version)
    for (const version of mended) assert.equal(isAffected(version, fixes), false, version)
  }
})

test('no fix is affected by its own record, all below the lowest is, and nothing that the union of OSV is not', () => {
  const build = fc
    .tuple(fc.nat({ max: 2 }), fc.nat({ max: 3 }), fc.nat({ max: 4 }), fc.nat({ max: 3 }))
    .map(([epoch, version, number, minor]) => `${epoch}:1.${version}-${number}.el9_${minor}`)
  fc.assert(
    fc.property(fc.array(build, { minLength: 1, maxLength: 4 }), build, (fixes, version) => {
      for (const fix of fixes) assert.equal(isAffected(fix, fixes), false, fix)
      const lowest = fixes.reduce((low, fix) => (compare(fix, low) < 0 ? fix : low))
      const highest = fixes.reduce((high, fix) => (compare(fix, high) > 0 ? fix : high))
      if (compare(version, lowest) < 0) assert.equal(isAffected(version, fixes), true)
      if (compare(version, highest) >= 0) assert.equal(isAffected(version, fixes), false)
    }),
    { numRuns: 500 },
  )
})

function compare(a: string, b: string): number {
  const result = compareRpmVersions(a, b)
  assert.ok(result.kind === 'ordered')
  return result.order
}

test('without a fix nothing is said', () => {
  assert.deepEqual(affectedBelow([]), [])
})
