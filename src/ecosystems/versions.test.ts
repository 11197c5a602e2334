import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns } from '../../test/kit/fuzz-runs.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import type { CompareVersions } from './ecosystem.ts'
import { ecosystems } from './table.ts'

type Operator = '<' | '=' | '>'
type Vector = readonly [a: string, operator: Operator, b: string]

/** What lies in an ecosystem's `cases/versions.json`. */
interface VersionCases {
  /** Files of the shared data whose vectors the comparer must agree with. */
  readonly vectors: readonly string[]
  /** The specification's own examples. */
  readonly own: readonly Vector[]
  readonly unparsable: readonly string[]
  /** Vectors that the tool which owns the scheme answers otherwise, with what it says. */
  /** Notes of sets whose texts are no versions but hold them; they are tried beside the comparer. */
  readonly otherShapes?: readonly string[]
  readonly except?: readonly { readonly vector: Vector; readonly why: string }[]
  /** Where the owning tool's own answers contradict each other: the texts among which they do not. */
  readonly orderedWithin?: { readonly pattern: string; readonly why: string }
}

const schemes = ecosystems.flatMap(({ type, compareVersions: compare }) => {
  const file = join(import.meta.dirname, type, 'cases', 'versions.json')
  if (!existsSync(file)) return []
  return [{ name: type, compare, cases: JSON.parse(readFileSync(file, 'utf8')) as VersionCases }]
})

function relation(compare: CompareVersions, a: string, b: string): Operator | '?' {
  const result = compare(a, b)
  if (result.kind === 'unparsable') return '?'
  if (result.order === 0) return '='
  return result.order < 0 ? '<' : '>'
}

for (const { name, compare, cases } of schemes) {
  const { vectors: files, own, unparsable, otherShapes = [], except = [] } = cases
  test(`${name} agrees with its specification's examples`, () => {
    for (const [a, operator, b] of own)
      assert.equal(relation(compare, a, b), operator, `${a} ${operator} ${b}`)
    for (const text of [...unparsable, 'x'.repeat(2000)])
      assert.equal(relation(compare, text, '1.0'), '?', text.slice(0, 40))
  })

  for (const file of files) {
    const path = sharedData('versions', file)
    const skip = path === undefined ? 'shared data is absent' : false
    test(`${name} agrees with every public vector of ${file}`, { skip }, () => {
      const { sets } = JSON.parse(readFileSync(path ?? '', 'utf8')) as {
        sets: { note?: string; vectors: Vector[] }[]
      }
      const vectors = sets
        .filter(({ note = '' }) => !otherShapes.includes(note))
        .flatMap((set) => set.vectors)
      const wrong = vectors.filter(([a, operator, b]) => relation(compare, a, b) !== operator)
      const excepted = except.map(({ vector }) => JSON.stringify(vector))
      assert.ok(vectors.length > 10)
      assert.deepEqual(
        wrong.filter((vector) => !excepted.includes(JSON.stringify(vector))),
        [],
      )
    })
  }
}

/** Texts near the grammars: pieces that versions are made of, in any order. */
const versionText = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      '2',
      '10',
      '007',
      '.',
      '-',
      '~',
      '+',
      '^',
      ':',
      '_',
      'a',
      'b',
      'rc',
      'p',
      '-r',
      '_p',
      '.dev',
      'Z',
    ),
    { minLength: 1, maxLength: 9 },
  )
  .map((pieces) => pieces.join(''))

for (const { name, compare, cases } of schemes) {
  const lawful = new RegExp(cases.orderedWithin?.pattern ?? '', 'i')
  test(`${name} is an order: reflexive, antisymmetric, transitive`, () => {
    fc.assert(
      fc.property(versionText, versionText, versionText, (a, b, c) => {
        if (![a, b, c].every((text) => lawful.test(text))) return
        const [ab, ba, bc, ac] = [compare(a, b), compare(b, a), compare(b, c), compare(a, c)]
        if (ab.kind === 'unparsable' || ba.kind === 'unparsable') return
        assert.equal(Math.sign(ab.order), -Math.sign(ba.order) + 0)
        const self = compare(a, a)
        assert.equal(self.kind === 'ordered' && self.order, 0)
        if (bc.kind === 'unparsable' || ac.kind === 'unparsable') return
        if (ab.order <= 0 && bc.order <= 0) assert.ok(ac.order <= 0, `${a} ≤ ${b} ≤ ${c}`)
      }),
      { numRuns: fuzzRuns(10_000) },
    )
  })

  test(`${name} ends on any text`, () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 80 }),
        fc.string({ unit: 'binary', maxLength: 80 }),
        (a, b) => void compare(a, b),
      ),
      { numRuns: fuzzRuns(1500) },
    )
  })
}
