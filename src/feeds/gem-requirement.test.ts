import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { advisoryRecords } from '../../test/kit/advisory-data.ts'
import { compareGemVersions } from '../ecosystems/gem/version.ts'
import { affectedBetween, spanOf } from './gem-requirement.ts'

for (const text of ['', '~>', '>= x', '!= 1.0', '>= 1.0 && < 2', '= 1..2', '>= 1.0\n< 2']) {
  test(`does not read ${JSON.stringify(text)}`, () => {
    assert.equal(spanOf(text), undefined)
    assert.equal(affectedBetween(['>= 1.0', text]), undefined)
  })
}

const cases: readonly (readonly [safe: readonly string[], events: readonly unknown[]])[] = [
  [[], [{ introduced: '0' }]],
  [['>= 4.3.0'], [{ introduced: '0' }, { fixed: '4.3.0' }]],
  [
    ['~> 2.1.3', '>= 2.2.2', '< 2.1.0'],
    [{ introduced: '2.1.0' }, { fixed: '2.1.3' }, { introduced: '2.2.a' }, { fixed: '2.2.2' }],
  ],
  [
    ['~> 7.0.8, >= 7.0.8.5', '>= 7.1'],
    [{ introduced: '0' }, { fixed: '7.0.8.5' }, { introduced: '7.1.a' }, { fixed: '7.1' }],
  ],
  [['>= 0'], []],
]

for (const [safe, events] of cases) {
  test(`affected is what is not in ${JSON.stringify(safe)}`, () => {
    assert.deepEqual(affectedBetween(safe), events)
  })
}

function isIn(span: ReturnType<typeof spanOf>, version: string): boolean {
  if (span === undefined) return false
  const order = (other: string): number => {
    const compared = compareGemVersions(version, other)
    return compared.kind === 'ordered' ? compared.order : NaN
  }
  const { low, high } = span
  return (low === undefined || order(low) >= 0) && (high === undefined || order(high) < 0)
}

/** The first version that is not affected. */
function endOf(event: Readonly<Record<string, string>> | undefined): string | undefined {
  const last = event?.['last_affected']
  return last === undefined ? event?.['fixed'] : `${last}.0.0.0.1`
}

test('every version is either in a requirement or affected', () => {
  const version = fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(3),
      fc.nat(3),
      fc.constantFrom('', '.rc1', '.a', '.0.1'),
    )
    .map(([a, b, c, tail]) => `${a}.${b}.${c}${tail}`)
  const condition = fc
    .tuple(fc.constantFrom('>=', '>', '<', '<=', '~>', '='), version)
    .map((parts) => parts.join(' '))
  const requirement = fc
    .array(condition, { minLength: 1, maxLength: 2 })
    .map((conditions) => conditions.join(', '))
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), version, (safe, at) => {
      const events = affectedBetween(safe) ?? []
      const ranges = events.flatMap(({ introduced }, index) =>
        introduced === undefined ? [] : [{ low: introduced, high: endOf(events[index + 1]) }],
      )
      const isSafe = safe.some((text) => isIn(spanOf(text), at))
      assert.equal(
        ranges.some((span) => isIn(span, at)),
        !isSafe,
        JSON.stringify(events),
      )
    }),
    { numRuns: 2000 },
  )
})

test('real advisories come out as their published ranges', async (t) => {
  const records = await advisoryRecords(t, 'rubysec')
  if (records === undefined) return
  let held = 0
  for (const { id, affected, database_specific: specific } of records) {
    const member = (name: string): readonly string[] =>
      (specific?.[name] as readonly string[] | undefined) ?? []
    const safe = [...member('patched_versions'), ...member('unaffected_versions')]
    const [first] = affected ?? []
    assert.deepEqual(affectedBetween(safe), first?.ranges?.[0]?.events ?? [], id)
    held += 1
  }
  assert.ok(held > 1000)
})
