import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupMatches, type GroupableMatch } from './group-matches.ts'

function match(
  facts: Partial<GroupableMatch> & {
    readonly id: string
    readonly aliases?: readonly string[]
    readonly upstream?: readonly string[]
    readonly source?: string
  },
): GroupableMatch {
  const { id, aliases = [], upstream = [], source = 'osv', ...others } = facts
  return {
    vulnerability: id,
    verdict: 'affected',
    severity: 'UNDEFINED',
    score: undefined,
    fixedVersion: undefined,
    advisory: { id, source, isStarter: source === 'starter' },
    ids: { aliases, upstream },
    ...others,
  }
}

function names(matches: readonly GroupableMatch[]): readonly (readonly string[])[] {
  return groupMatches(matches).map(({ vulnerability, aliases }) => [vulnerability, ...aliases])
}

test('keeps flaws with different CVEs apart, even under one bundle', () => {
  const upstream = ['CVE-2026-1001', 'CVE-2026-1002']
  const bundle = upstream.map((vulnerability) => match({ id: 'DSA-1-1', upstream, vulnerability }))
  assert.deepEqual(names(bundle), [
    ['CVE-2026-1001', 'DSA-1-1'],
    ['CVE-2026-1002', 'DSA-1-1'],
  ])
})

test('leaves a name that two CVEs claim on its own', () => {
  const claimed = match({ id: 'GHSA-1' })
  const one = match({
    id: 'A-1',
    vulnerability: 'CVE-2026-1001',
    aliases: ['CVE-2026-1001', 'GHSA-1'],
  })
  const two = match({
    id: 'A-2',
    vulnerability: 'CVE-2026-1002',
    aliases: ['CVE-2026-1002', 'GHSA-1'],
  })
  assert.deepEqual(
    names([claimed, one, two]).map(([name]) => name),
    ['CVE-2026-1001', 'CVE-2026-1002', 'GHSA-1'],
  )
})

test('joins records without a CVE by their aliases, under the name of GHSA', () => {
  const records = [
    match({ id: 'PYSEC-1', aliases: ['GHSA-1'] }),
    match({ id: 'GHSA-1' }),
    match({ id: 'OTHER-1', aliases: ['PYSEC-1'] }),
  ]
  assert.deepEqual(names(records), [['GHSA-1', 'OTHER-1', 'PYSEC-1']])
  assert.deepEqual(names(records.toReversed()), [['GHSA-1', 'OTHER-1', 'PYSEC-1']])
})

test('joins a record without a CVE to the one that knows its CVE', () => {
  const records = [
    match({ id: 'PYSEC-1', aliases: ['GHSA-1'] }),
    match({ id: 'GHSA-1', vulnerability: 'CVE-2026-1001', aliases: ['CVE-2026-1001'] }),
  ]
  assert.deepEqual(names(records), [['CVE-2026-1001', 'GHSA-1', 'PYSEC-1']])
})

test('lets the best sourced record speak: real, then sure, then rated, then with a fix', () => {
  const vulnerability = 'CVE-2026-1001'
  const ranked = [
    match({ id: 'A-6', vulnerability, severity: 'LOW', score: 3, fixedVersion: '1' }),
    match({ id: 'A-5', vulnerability, severity: 'LOW', score: 3 }),
    match({ id: 'A-4', vulnerability, severity: 'LOW' }),
    match({ id: 'A-3', vulnerability }),
    match({ id: 'A-2', vulnerability, verdict: 'unknown', severity: 'HIGH', score: 8 }),
    match({ id: 'A-1', vulnerability, source: 'starter', severity: 'HIGH', score: 8 }),
  ]
  const [group] = groupMatches(ranked.toReversed())
  assert.deepEqual(group?.members, ranked)
})
