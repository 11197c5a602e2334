import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareFindings, hasChanges, type ComparedFinding } from './finding-changes.ts'

const finding = fc.record({
  vulnerability: fc.constantFrom('CVE-1', 'CVE-2', 'CVE-3'),
  severity: fc.constantFrom('HIGH' as const, 'LOW' as const),
  package: fc.record({ purl: fc.constantFrom('pkg:npm/a@1', 'pkg:npm/b@1') }),
  fix: fc.oneof(fc.record({ version: fc.constantFrom('2', '3') }), fc.constant({})),
})
const list = fc.uniqueArray(finding, {
  selector: ({ vulnerability, package: { purl } }) => `${vulnerability} ${purl}`,
})

function shown({ vulnerability, severity, package: { purl }, fix }: ComparedFinding): string {
  return [vulnerability, purl, severity, fix.version].join(' ')
}

test('what opened, closed and changed leads from the first list to the second', () => {
  fc.assert(
    fc.property(list, list, (before, after) => {
      const { opened, closed, changed } = compareFindings(before, after)
      const gone = new Set(
        [...closed, ...changed].map((one) => `${one.vulnerability} ${one.package}`),
      )
      const kept = before
        .filter((one) => !gone.has(`${one.vulnerability} ${one.package.purl}`))
        .map(shown)
      const come = [...opened, ...changed].map((one) =>
        [one.vulnerability, one.package, one.severity, one.fixedVersion].join(' '),
      )
      assert.deepEqual([...kept, ...come].toSorted(), after.map(shown).toSorted())
    }),
  )
})

test('equal lists have no changes, in whichever order', () => {
  fc.assert(fc.property(list, (one) => !hasChanges(compareFindings(one, one.toReversed()))))
})
