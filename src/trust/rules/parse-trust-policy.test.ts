import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { maxPolicyBytes, parseTrustPolicy, sayFaults } from './parse-trust-policy.ts'

interface Case {
  readonly name: string
  readonly source: string
  readonly text: string
  /** Members at fault. */
  readonly faults: readonly string[]
}

const file = new URL('./cases/policies.json', import.meta.url)
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- cases of ours
const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly Case[]

for (const { name, source, text, faults } of cases) {
  test(`${name} (${source})`, () => {
    const read = parseTrustPolicy(text)
    const found = read.kind === 'refused' ? read.faults.map(({ member }) => member) : []
    assert.deepEqual(found.toSorted(), [...faults].toSorted())
  })
}

test('a fault is told with member, value, rule, line and column', () => {
  const read = parseTrustPolicy(
    'version: 1\nname: a\nrepositories: ["*"]\naccept:\n  - id: n\n    notation: { stores: ["ca:a"], identities: ["*"], level: strikt }\n',
  )
  assert.ok(read.kind === 'refused')
  assert.equal(
    sayFaults(read.faults),
    'accept[0].notation.level is "strikt", and must be one of strict, permissive, audit, skip (line 6, column 61)',
  )
})

test('thousands of members are refused as soon as a few', () => {
  const read = parseTrustPolicy(Array.from({ length: 8000 }, (_, at) => `k${at}: 1`).join('\n'))
  assert.ok(read.kind === 'refused')
})

test('a document that is too large is not read at all', () => {
  const read = parseTrustPolicy(`# ${'x'.repeat(maxPolicyBytes)}`)
  assert.ok(read.kind === 'refused')
  assert.match(sayFaults(read.faults), /more than 262144 bytes/)
})

test('whatever somebody sends, it is a policy or a list of faults', () => {
  const pieces = fc.constantFrom(...cases.map(({ text }) => text))
  const cut = fc
    .tuple(pieces, fc.nat(2000), fc.string({ maxLength: 8 }))
    .map(
      ([text, at, put]) =>
        text.slice(0, at % (text.length + 1)) + put + text.slice(at % (text.length + 1)),
    )
  fc.assert(
    fc.property(fc.oneof(cut, fc.string({ maxLength: 200 })), (text) => {
      const read = parseTrustPolicy(text)
      if (read.kind === 'refused') assert.ok(read.faults.length > 0 && read.faults.length <= 20)
    }),
    { numRuns: fuzzRuns(300), seed: fuzzSeed() },
  )
  const deep = parseTrustPolicy('['.repeat(100_000))
  assert.equal(deep.kind, 'refused')
})
