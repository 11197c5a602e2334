import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adviseFix, endOfSupport, type FixAdvice } from './fix-advice.ts'

const now = new Date('2026-11-26T00:00:00Z')
const debian9 = { id: 'debian', versionId: '9' }
const debian13 = { id: 'debian', versionId: '13' }
const subscribed = { state: 'needsSubscription', words: 'Ubuntu Pro' } as const
const ignored = { state: 'willNotFix', words: 'ignored (end of standard support)' } as const

const cases: readonly {
  readonly name: string
  readonly known: Parameters<typeof adviseFix>[0]
  readonly release: Parameters<typeof adviseFix>[1]
  readonly expected: FixAdvice['state']
  readonly words: RegExp
}[] = [
  {
    name: 'a fixed version, also of a release that has ended',
    known: { fixedVersion: '1.2', statement: undefined },
    release: debian9,
    expected: 'fixed',
    words: /^update to 1\.2$/,
  },
  {
    name: 'a fixed version that only subscribers get',
    known: { fixedVersion: '1.2~esm1', statement: subscribed },
    release: undefined,
    expected: 'needsSubscription',
    words: /^1\.2~esm1, with Ubuntu Pro$/,
  },
  {
    name: 'no fix, in a release that gets none any more',
    known: { fixedVersion: undefined, statement: undefined },
    release: debian9,
    expected: 'endOfLife',
    words: /support of debian 9 ended on [0-9-]{10}: take a newer release/,
  },
  {
    name: 'no fix, and the source says that there will be none',
    known: { fixedVersion: undefined, statement: ignored },
    release: debian13,
    expected: 'willNotFix',
    words: /^ignored \(end of standard support\)$/,
  },
  {
    name: 'no word about a fix',
    known: { fixedVersion: undefined, statement: undefined },
    release: debian13,
    expected: 'noneKnown',
    words: /^none known$/,
  },
  {
    name: 'no word about a fix, of a library',
    known: { fixedVersion: undefined, statement: undefined },
    release: undefined,
    expected: 'noneKnown',
    words: /^none known$/,
  },
]

for (const { name, known, release, expected, words } of cases) {
  test(`advises ${expected} for ${name}`, () => {
    const advice = adviseFix(known, release, now)
    assert.equal(advice.state, expected)
    assert.match(advice.words, words)
    assert.equal(advice.version, known.fixedVersion)
  })
}

test('says nothing of the end of a release that is supported, or that nobody knows', () => {
  assert.equal(endOfSupport(debian13, now), undefined)
  assert.equal(endOfSupport({ id: 'cobalt', versionId: '7' }, now), undefined)
})

test('names the release as it calls itself', () => {
  const told = endOfSupport({ ...debian9, prettyName: 'Debian GNU/Linux 9 (stretch)' }, now)
  assert.match(told ?? '', /^the support of Debian GNU\/Linux 9 \(stretch\) ended on /)
})
