import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { planSuccession, type KnownKey, type Succession } from './key-succession.ts'

const primary = (id: string): KnownKey => ({ id, state: 'primary' })
const previous = (id: string): KnownKey => ({ id, state: 'previous' })

const inUse = (
  ids: readonly [string, ...string[]],
  isNew: boolean,
  forgotten: readonly string[] = [],
): Succession => ({ kind: 'in-use', ids, isNew, forgotten })

const cases: readonly {
  readonly name: string
  readonly given: readonly [string, ...string[]]
  readonly known: readonly KnownKey[]
  readonly needed?: readonly string[]
  readonly expected: Succession
}[] = [
  {
    name: 'another key than the primary is refused',
    given: ['b'],
    known: [primary('a')],
    expected: { kind: 'absent', id: 'a' },
  },
  {
    name: 'a previous key that a record needs must be given',
    given: ['b'],
    known: [primary('b'), previous('a')],
    needed: ['a'],
    expected: { kind: 'absent', id: 'a' },
  },
  {
    name: 'a previous key that no record needs may be gone',
    given: ['b'],
    known: [primary('b'), previous('a')],
    needed: ['b'],
    expected: inUse(['b'], false, ['a']),
  },
  { name: 'a first start', given: ['a'], known: [], expected: inUse(['a'], true) },
  {
    name: 'a database of before keys had names takes all that are given',
    given: ['b', 'a'],
    known: [],
    expected: inUse(['b', 'a'], true),
  },
  {
    name: 'the same as before',
    given: ['a'],
    known: [primary('a')],
    expected: inUse(['a'], false),
  },
  {
    name: 'a new first key is the primary, the former a previous one',
    given: ['b', 'a'],
    known: [primary('a')],
    expected: inUse(['b', 'a'], true),
  },
  {
    name: 'a previous key that is first again is the primary again',
    given: ['a', 'b'],
    known: [primary('b'), previous('a')],
    expected: inUse(['a', 'b'], true),
  },
  {
    name: 'a key that a cut rotation left behind the first is in no use',
    given: ['b', 'a'],
    known: [primary('b')],
    expected: inUse(['b'], false),
  },
]
for (const { name, given, known, needed = [], expected } of cases) {
  test(name, () => assert.deepEqual(planSuccession(given, known, new Set(needed)), expected))
}

test('no key that a record needs, and no primary, is ever out of use', () => {
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
  fc.assert(
    fc.property(ids, ids, fc.nat(5), (given, known, count) => {
      const [first = 'a', ...others] = given
      const rows = known.map((id, at) => (at === 0 ? primary(id) : previous(id)))
      const needed: readonly string[] = known.slice(0, count)
      const plan = planSuccession([first, ...others], rows, new Set(needed))
      const all: readonly string[] = given
      if (plan.kind === 'absent') return assert.ok(!all.includes(plan.id))
      for (const id of [...needed, known[0] ?? '']) assert.ok(plan.ids.includes(id))
      assert.equal(plan.ids[0], first)
      assert.ok(plan.forgotten.every((id) => !needed.includes(id)))
      return undefined
    }),
  )
})
