import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '../../oci/digest.ts'
import { indexRules, nothingInForce } from '../../vex/judge-suppression.ts'
import { parsePurl } from '../../lib/purl.ts'
import { parseSuppressionRules } from '../../vex/suppression-rules.ts'
import { describeRule } from './describe-rule.ts'
import { compareRules } from './rule-changes.ts'
import {
  describeSuppression,
  judgeFlaw,
  type ImageSuppressions,
  type JudgedFlaw,
} from './suppression.ts'

const [one, two] = ['one', 'two'].map((text) => digestOf(Buffer.from(text)))
const now = new Date('2026-11-20T12:00:00Z')

const flaw: JudgedFlaw = {
  vulnerability: 'CVE-2024-0001',
  aliases: ['GHSA-1'],
  package: { type: 'npm', name: 'x', version: '1', purl: parsePurl('pkg:npm/x@1') },
  places: [
    { path: 'a/x', imageDigest: one },
    { path: 'b/x', imageDigest: two },
  ],
}

function rulesOf(...rules: readonly object[]): ReturnType<typeof parsed> {
  return parsed(
    rules.map((rule) => ({
      vulnerability: 'GHSA-1',
      reason: 'r',
      owner: 'o',
      until: '2027-01-01',
      ...rule,
    })),
  )
}

function parsed(
  rules: readonly object[],
): Extract<ReturnType<typeof parseSuppressionRules>, { kind: 'read' }>['rules'] {
  const reading = parseSuppressionRules(JSON.stringify(rules))
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  return reading.rules
}

function inForce(...rules: readonly object[]): ImageSuppressions {
  const images = new Map(
    [one, two].map((digest) => [
      digest,
      { digests: digest === undefined ? [] : [digest], repository: 'app', hosts: [] },
    ]),
  )
  return { inForce: { ...nothingInForce, rules: indexRules(rulesOf(...rules)) }, images, now }
}

test('one place of which nobody speaks is enough for the finding to count', () => {
  assert.equal(judgeFlaw(inForce({ path: 'a/*' }), flaw).suppression, undefined)
  assert.equal(judgeFlaw(inForce({ image: { digest: one } }), flaw).suppression, undefined)
  assert.equal(
    judgeFlaw(inForce({ image: 'app' }), {
      ...flaw,
      places: [{ path: 'a/x', imageDigest: undefined }],
    }).suppression,
    undefined,
  )
  assert.equal(
    judgeFlaw(inForce({ path: 'a/*' }, { path: 'b/*', until: '2026-01-01' }), flaw).suppression,
    undefined,
  )
})

test('places may be held back by different rules; the first says who', () => {
  const { suppression } = judgeFlaw(
    inForce({ path: 'b/*', reason: 'second' }, { path: 'a/*', reason: 'first' }),
    flaw,
  )
  assert.deepEqual(suppression, {
    kind: 'rule',
    reason: 'first',
    by: 'o',
    until: '2027-01-01',
    number: 2,
  })
})

test('a rule that is over is told once, however many places it would have held back', () => {
  const { suppression, remarks } = judgeFlaw(inForce({ until: '2026-01-01' }), flaw)
  assert.equal(suppression, undefined)
  assert.deepEqual(remarks, {
    endedRules: [{ reason: 'r', by: 'o', until: '2026-01-01', number: 1 }],
  })
})

test('who holds a finding back is said in a sentence', () => {
  const vex = {
    kind: 'vex',
    status: 'not_affected',
    by: 'Example',
    saidAt: '2026-01-02T03:04:05Z',
    document: { id: 'doc', version: '1', digest: 'sha256:x' },
  } as const
  assert.equal(
    describeSuppression(vex),
    'Example says not_affected in VEX document doc of 2026-01-02',
  )
  assert.equal(
    describeSuppression({ ...vex, impact: 'not built in' }),
    'Example says not_affected (not built in) in VEX document doc of 2026-01-02',
  )
  assert.equal(
    describeSuppression({ ...vex, justification: 'component_not_present', impact: 'x' }),
    'Example says not_affected (component_not_present) in VEX document doc of 2026-01-02',
  )
  assert.equal(
    describeSuppression({ kind: 'rule', by: 'o', reason: 'r', until: '2027-01-01', number: 1 }),
    'a rule of o until 2027-01-01: r',
  )
  assert.match(
    describeSuppression({ kind: 'distribution-decides', by: 'pkg:deb/debian/x@1' }),
    /speaks of it in pkg:deb/,
  )
  assert.match(
    describeSuppression({ kind: 'distribution-silent', by: 'pkg:deb/debian/x@1' }),
    /names no such flaw/,
  )
})

test('a rule is told as it was written', () => {
  const cases: readonly (readonly [object, object])[] = [
    [{}, {}],
    [{ package: 'pkg:npm/%40a/b@1?x=y' }, { package: 'pkg:npm/@a/b@1?x=y' }],
    [{ package: 'pkg:npm/b' }, { package: 'pkg:npm/b' }],
    [{ package: { name: 'b' } }, { package: 'b' }],
    [{ package: { type: 'npm', name: 'b', version: '2' } }, { package: 'npm/b@2' }],
    [
      { image: 'team/*', path: 'a' },
      { image: 'team/*', path: 'a' },
    ],
    [{ image: { repository: 'app', digest: one } }, { image: `app@${one}` }],
  ]
  for (const [rule, expected] of cases) {
    const [read] = rulesOf(rule)
    assert.ok(read !== undefined)
    const told = {
      number: 1,
      line: 1,
      vulnerabilities: ['GHSA-1'],
      reason: 'r',
      owner: 'o',
      until: '2027-01-01',
      state: 'in force',
      ...expected,
    }
    assert.deepEqual(describeRule(read, now), told)
  }
})

test('what is added and removed takes one file to the other, wherever its rules stand', () => {
  const rule = fc.record({
    reason: fc.constantFrom('a', 'b', 'c'),
    until: fc.constantFrom('2020-01-01', '2030-01-01'),
  })
  const file = fc.array(rule, { maxLength: 5 })
  fc.assert(
    fc.property(file, file, (before, after) => {
      const { added, removed, kept, ended } = compareRules(
        rulesOf(...before),
        rulesOf(...after),
        now,
      )
      const bag = (
        rules: readonly { readonly reason: string; readonly until: string }[],
      ): readonly string[] => rules.map(({ reason, until }) => `${reason} ${until}`)
      const result = bag(before)
      const left = [...result]
      for (const gone of bag(removed)) left.splice(left.indexOf(gone), 1)
      assert.deepEqual([...left, ...bag(added)].toSorted(), [...bag(after)].toSorted())
      assert.equal(kept, left.length)
      assert.equal(ended, after.filter(({ until }) => until < '2026').length)
    }),
  )
})
