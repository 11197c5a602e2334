import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { aggregateEvidence, type FoundVerdict } from './aggregate-evidence.ts'
import { orderCandidates } from './order-candidates.ts'

function verdict(key: string, members: Partial<FoundVerdict>): FoundVerdict {
  return {
    key,
    entry: 'e',
    result: 'verified',
    reason: undefined,
    identity: undefined,
    keyId: undefined,
    validUntil: undefined,
    ...members,
  }
}

test('nothing there is none, and none is not verified', () => {
  const found = aggregateEvidence([], { threshold: 1 }, undefined)
  assert.deepEqual([found.result, found.reason], ['none', 'unsigned'])
})

test('the strongest of what is wrong is said, with all results counted', () => {
  const rows = ['untrusted', 'invalid', 'expired', 'unknown', 'revoked'] as const
  const verdicts = rows.map((result) => verdict(result, { result }))
  for (let length = 1; length <= rows.length; length += 1) {
    const found = aggregateEvidence(
      verdicts.slice(0, length).toReversed(),
      { threshold: 1 },
      undefined,
    )
    assert.equal(found.result, rows[length - 1])
    assert.equal(Object.values(found.countByResult).length, length)
  }
})

test('one junk signature does not poison a good one', () => {
  const junk = verdict('junk', { result: 'invalid', reason: 'malformed' })
  const found = aggregateEvidence(
    [junk, verdict('good', { identity: 'ci' })],
    { threshold: 1 },
    'limit',
  )
  assert.deepEqual([found.result, found.identities], ['verified', ['ci']])
})

test('a threshold counts signers: two signatures, two certificates or two names of one do not make two', () => {
  const rows: readonly (readonly [readonly Partial<FoundVerdict>[], number])[] = [
    [[{ identity: 'a' }, { identity: 'a' }], 1],
    [
      [
        { identity: 'a', keyId: '1' },
        { identity: 'a', keyId: '2' },
      ],
      1,
    ],
    [
      [
        { identity: 'a', keyId: '1' },
        { identity: 'b', keyId: '1' },
      ],
      1,
    ],
    [
      [
        { identity: 'a', keyId: '1' },
        { identity: 'b', keyId: '2' },
        { identity: 'c', keyId: '1' },
        { identity: 'b', keyId: '1' },
      ],
      1,
    ],
    [[{ entry: 'e' }, { entry: 'e' }], 1],
    [
      [
        { identity: 'a', keyId: '1' },
        { identity: 'b', keyId: '2' },
      ],
      2,
    ],
  ]
  for (const [members, signers] of rows) {
    const verdicts = members.map((one, index) => verdict(String(index), one))
    const found = aggregateEvidence(verdicts, { threshold: 2 }, undefined)
    assert.equal(found.identities.length, signers, JSON.stringify(members))
    assert.deepEqual(
      [found.result, found.reason],
      signers >= 2 ? ['verified', undefined] : ['untrusted', 'threshold-not-met'],
    )
  }
})

test('evidence lasts until fewer signers than the threshold are left', () => {
  const verdicts = [
    verdict('1', { identity: 'a', validUntil: 10 }),
    verdict('2', { identity: 'a', validUntil: 40 }),
    verdict('3', { identity: 'b', validUntil: 30 }),
    verdict('4', { identity: 'c' }),
  ]
  const until = (threshold: number): number | undefined =>
    aggregateEvidence(verdicts, { threshold }, undefined).validUntil
  assert.deepEqual([until(1), until(2), until(3)], [undefined, 40, 30])
})

test('what was not tried makes the answer unknown, unless the others suffice', () => {
  const bad = verdict('1', { result: 'invalid', reason: 'bad-signature' })
  const found = aggregateEvidence([bad], { threshold: 1 }, 'too-many-signatures')
  assert.deepEqual([found.result, found.reason], ['unknown', 'too-many-signatures'])
})

const results = ['verified', 'untrusted', 'invalid', 'expired', 'revoked', 'unknown'] as const
const verdicts = fc.array(
  fc.record({
    key: fc.constantFrom('1', '2', '3', '4', '5'),
    entry: fc.constantFrom('e', 'f'),
    result: fc.constantFrom(...results),
    reason: fc.constant(undefined),
    identity: fc.constantFrom(undefined, 'a', 'b', 'c'),
    keyId: fc.constantFrom(undefined, 'x', 'y'),
    validUntil: fc.constantFrom(undefined, 5, 9),
  }),
  { maxLength: 8 },
)

test('adding a signature never withdraws trust, and the order does not matter', () => {
  fc.assert(
    fc.property(verdicts, verdicts, fc.integer({ min: 1, max: 3 }), (some, others, threshold) => {
      const before = aggregateEvidence(some, { threshold }, undefined)
      const after = aggregateEvidence([...some, ...others], { threshold }, undefined)
      // A name that two signers turn out to share makes them one: that is the one way in which more says less.
      const isOneSigner = after.identities.length < before.identities.length
      if (before.result === 'verified' && !isOneSigner) assert.equal(after.result, 'verified')
      const turned = aggregateEvidence(some.toReversed(), { threshold }, undefined)
      assert.deepEqual(
        [turned.result, turned.identities, turned.validUntil, turned.countByResult],
        [before.result, before.identities, before.validUntil, before.countByResult],
      )
    }),
    { numRuns: fuzzRuns(300), seed: fuzzSeed() },
  )
})

test('a good signature is among the first, wherever it lies and whoever pushes junk', () => {
  const junk = Array.from({ length: 1000 }, (_, index) => ({
    key: `junk ${index}`,
    hints: ['aa'],
    pushedBy: 'attacker',
    seenAt: index,
  }))
  const trusted = new Set(['aa'])
  for (const seenAt of [0, 500, 5000]) {
    const good = { key: 'good', hints: [], pushedBy: 'ci', seenAt }
    const order = orderCandidates([...junk, good], { verifiedBefore: new Set(), trusted })
    assert.ok(order.slice(0, 2).includes(good))
    const own = { ...good, pushedBy: 'attacker' }
    const known = orderCandidates([...junk, own], { verifiedBefore: new Set(['good']), trusted })
    assert.equal(known[0], own)
    const hinted = { ...good, hints: ['bb'], pushedBy: 'attacker' }
    const found = orderCandidates([...junk, hinted], {
      verifiedBefore: new Set(),
      trusted: new Set(['bb']),
    })
    assert.equal(found[0], hinted)
  }
})
