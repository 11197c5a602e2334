// Counting in two parts and putting them together is counting once, and the worst flaws are in order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { severities } from '../../ecosystems/severity.ts'
import { addToDigest, mergeDigests, type Counted } from './digest.ts'
import { findingChanges, type DigestSummary } from './notice.ts'

interface Told {
  readonly at: string
  readonly body: Counted
}

const common = {
  kind: 'finding',
  repository: 'team/app',
  digest: `sha256:${'0'.repeat(64)}`,
  tags: [],
  package: { name: 'p', version: '1' },
  url: 'https://example.com/',
} as const

const told = fc
  .record({
    change: fc.constantFrom(...findingChanges),
    severity: fc.constantFrom(...severities),
    isKev: fc.boolean(),
    number: fc.nat({ max: 30 }),
    isFixable: fc.boolean(),
    second: fc.integer({ min: 10, max: 59 }),
  })
  .map(({ number, isFixable, second, ...facts }): Told => {
    const vulnerability = `CVE-2026-${1000 + number}`
    const fix = isFixable ? { fixedVersion: '2' } : {}
    return {
      at: `2026-11-26T00:00:${second}Z`,
      body: { ...common, ...facts, vulnerability, ...fix },
    }
  })

function count(messages: readonly Told[], before?: DigestSummary): DigestSummary | undefined {
  return messages.reduce<DigestSummary | undefined>(
    (summary, { at, body }) => addToDigest(summary, body, { at, cause: 'storm' }),
    before,
  )
}

test('what is counted apart and put together is what is counted at once', () => {
  fc.assert(
    fc.property(fc.array(told), fc.array(told, { minLength: 1 }), (first, second) => {
      const added = count(second)
      assert.ok(added !== undefined)
      assert.deepEqual(mergeDigests(count(first), added), count(second, count(first)))
    }),
  )
})

test('of more flaws than a digest names, the worst are named', () => {
  const messages = Array.from({ length: 300 }, (_, n): Told => {
    const severity = n % 3 === 0 ? 'CRITICAL' : 'LOW'
    const flaw = { change: 'NEW', severity, isKev: n === 299 } as const
    const vulnerability = `CVE-2026-${1000 + n}`
    return { at: '2026-11-26T00:00:00Z', body: { ...common, ...flaw, vulnerability } }
  })
  const worst = count(messages)?.worst ?? []
  assert.equal(worst.length, 100)
  assert.equal(worst[0]?.vulnerability, 'CVE-2026-1299')
  assert.ok(worst.slice(1).every(({ severity }) => severity === 'CRITICAL'))
})
