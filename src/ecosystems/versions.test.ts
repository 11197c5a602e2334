import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedData } from '../../test/kit/shared-data.ts'
import { compareApkVersions } from './apk/version.ts'
import { compareDebVersions } from './deb/version.ts'
import type { CompareVersions } from './ecosystem.ts'
import { compareSemVersions } from './npm/version.ts'
import { comparePep440Versions } from './pypi/version.ts'

type Operator = '<' | '=' | '>'
type Vector = readonly [a: string, operator: Operator, b: string]

/** Vectors of the shared data that a comparer must agree with, and some of the specification's own. */
const schemes: readonly {
  readonly name: string
  readonly file: string
  readonly compare: CompareVersions
  readonly own: readonly Vector[]
  readonly unparsable: readonly string[]
}[] = [
  {
    name: 'deb',
    file: 'deb.json',
    compare: compareDebVersions,
    own: [
      ['1.0~rc1', '<', '1.0'],
      ['1.0', '<', '1.0+b1'],
      ['1:0.9', '>', '2.0'],
      ['1.0-1~deb12u1', '<', '1.0-1'],
      ['1.0-1+deb12u1', '>', '1.0-1'],
      ['1.0', '=', '1.0-0'],
      ['0:1', '=', '1'],
      ['1.0.1', '>', '1.0a'],
      ['3.3.3', '<', '3.3.3-squeeze1'],
      ['1~~', '<', '1~'],
      ['00.1', '=', '0.1'],
      ['1.123456789012345678901234567890', '<', '1.123456789012345678901234567891'],
    ],
    unparsable: ['', 'a b', '1.0;rm', 'x'.repeat(2000)],
  },
  {
    name: 'apk',
    file: 'apk.json',
    compare: compareApkVersions,
    own: [
      ['1.0_alpha', '<', '1.0_beta'],
      ['1.0_rc1', '<', '1.0'],
      ['1.0', '<', '1.0_p1'],
      ['1.0_git', '<', '1.0_p1'],
      ['1.2.3', '=', '1.2.3-r0'],
      ['1.2a', '>', '1.2'],
      ['1.05', '<', '1.5'],
      ['1.2', '<', '1.2.0'],
      ['3.0.8-r10', '>', '3.0.8-r9'],
      ['1.0_pre2', '<', '1.0_rc1'],
      ['6.6.1p1-r10', '>', '6.6.1p1-r9'],
    ],
    unparsable: ['', '~', '-r1', '_p1'],
  },
  {
    name: 'npm',
    file: 'npm.json',
    compare: compareSemVersions,
    own: [
      ['1.0.0-alpha', '<', '1.0.0-alpha.1'],
      ['1.0.0-beta.2', '<', '1.0.0-beta.11'],
      ['1.0.0-rc.1', '<', '1.0.0'],
      ['1.0.0+a', '=', '1.0.0+b'],
      ['1.0.0-1', '<', '1.0.0-a'],
      ['v1.2.3', '=', '1.2.3'],
      ['1.0.0-A', '<', '1.0.0-a'],
    ],
    unparsable: ['', 'latest', 'git+https://example.org/x.git'],
  },
  { name: 'semver', file: 'semver.json', compare: compareSemVersions, own: [], unparsable: [] },
  {
    name: 'pep440',
    file: 'pep440.json',
    compare: comparePep440Versions,
    own: [
      ['1.0', '=', '1.0.0'],
      ['1!1', '>', '2.0'],
      ['1.0.dev1', '<', '1.0a1'],
      ['1.0c1', '=', '1.0rc1'],
      ['1.0', '<', '1.0.post1'],
      ['1.0+local', '>', '1.0'],
      ['0.1-bulbasaur', '<', '0.0.1'],
    ],
    unparsable: ['', '***'],
  },
]

function relation(compare: CompareVersions, a: string, b: string): Operator | '?' {
  const result = compare(a, b)
  if (result.kind === 'unparsable') return '?'
  if (result.order === 0) return '='
  return result.order < 0 ? '<' : '>'
}

for (const scheme of schemes) {
  const path = sharedData('versions', scheme.file)
  test(`${scheme.name} agrees with its specification's examples`, () => {
    for (const [a, operator, b] of scheme.own) {
      assert.equal(relation(scheme.compare, a, b), operator, `${a} ${operator} ${b}`)
    }
    for (const text of scheme.unparsable) {
      assert.equal(relation(scheme.compare, text, '1.0'), '?', text.slice(0, 40))
    }
  })

  const skip = path === undefined ? 'shared data is absent' : false
  test(`${scheme.name} agrees with every public vector`, { skip }, () => {
    const { sets } = JSON.parse(readFileSync(path ?? '', 'utf8')) as {
      sets: { vectors: Vector[] }[]
    }
    const vectors = sets.flatMap((set) => set.vectors)
    const wrong = vectors.filter(([a, operator, b]) => relation(scheme.compare, a, b) !== operator)
    assert.ok(vectors.length > 20)
    assert.deepEqual(wrong, [])
  })
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

for (const { name, compare } of schemes) {
  test(`${name} is an order: reflexive, antisymmetric, transitive`, () => {
    fc.assert(
      fc.property(versionText, versionText, versionText, (a, b, c) => {
        const [ab, ba, bc, ac] = [compare(a, b), compare(b, a), compare(b, c), compare(a, c)]
        if (ab.kind === 'unparsable' || ba.kind === 'unparsable') return
        assert.equal(Math.sign(ab.order), -Math.sign(ba.order) + 0)
        const self = compare(a, a)
        assert.equal(self.kind === 'ordered' && self.order, 0)
        if (bc.kind === 'unparsable' || ac.kind === 'unparsable') return
        if (ab.order <= 0 && bc.order <= 0) assert.ok(ac.order <= 0, `${a} ≤ ${b} ≤ ${c}`)
      }),
      { numRuns: 20_000 },
    )
  })

  test(`${name} ends on any text`, () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 80 }),
        fc.string({ unit: 'binary', maxLength: 80 }),
        (a, b) => void compare(a, b),
      ),
      { numRuns: 3000 },
    )
  })
}
