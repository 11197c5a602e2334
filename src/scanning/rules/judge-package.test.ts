import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AffectedPackage } from '../../ecosystems/advisory.ts'
import { compareSemVersions } from '../../ecosystems/npm/version.ts'
import { judgePackage, type JudgeableAdvisory } from './judge-package.ts'

const key = { ecosystem: 'npm', name: 'left-pad', version: '1.0.0' }

function entry(facts: Partial<AffectedPackage>): AffectedPackage {
  return {
    ecosystem: 'npm',
    name: 'left-pad',
    intervals: [],
    versions: [],
    unknownRanges: [],
    severities: [],
    severityWord: undefined,
    ...facts,
  }
}

const everything = entry({ intervals: [{ introduced: undefined, end: { kind: 'open' } }] })
const nothing = entry({ versions: ['9.9.9'] })
const doubtful = entry({ unknownRanges: ['the range cannot be ordered'] })

function advisory(
  row: number,
  id: string,
  facts: Partial<Omit<JudgeableAdvisory, 'claim' | 'ids'>> & {
    readonly aliases?: readonly string[]
    readonly upstream?: readonly string[]
    readonly affected?: readonly AffectedPackage[]
  } = {},
): JudgeableAdvisory {
  const { aliases = [], upstream = [], affected = [everything], ...others } = facts
  const claim = { affected, severities: [], severityWord: undefined }
  const ids = { aliases, upstream }
  return { row, id, isStarter: false, isWithdrawn: false, ids, claim, ...others }
}

function judged(advisories: readonly JudgeableAdvisory[]): readonly string[] {
  return judgePackage(key, advisories, compareSemVersions).map(
    ({ vulnerability, advisoryRow, verdict }) => `${vulnerability} ${advisoryRow} ${verdict}`,
  )
}

const cases = [
  ['a withdrawn record says nothing', [advisory(1, 'A-1', { isWithdrawn: true })], []],
  [
    'a record that cannot be judged is unknown',
    [advisory(1, 'A-1', { affected: [doubtful] })],
    ['A-1 1 unknown'],
  ],
  [
    'one entry that says affected outweighs doubt',
    [advisory(1, 'A-1', { affected: [nothing, doubtful, everything] })],
    ['A-1 1 affected'],
  ],
  [
    'a starter record stands where nobody else speaks',
    [advisory(1, 'A-1', { isStarter: true })],
    ['A-1 1 affected'],
  ],
  [
    'a starter record steps back for the same id',
    [advisory(1, 'A-1', { isStarter: true }), advisory(2, 'A-1')],
    ['A-1 2 affected'],
  ],
  [
    'a starter record steps back for an alias that says "not affected"',
    [
      advisory(1, 'CVE-2026-1001', { isStarter: true }),
      advisory(2, 'GHSA-1', { aliases: ['CVE-2026-1001'], affected: [nothing] }),
    ],
    [],
  ],
  [
    'a starter record steps back for one that was withdrawn',
    [advisory(1, 'GHSA-1', { isStarter: true }), advisory(2, 'GHSA-1', { isWithdrawn: true })],
    [],
  ],
  [
    'a bundle of the starter set steps back only for the flaws that another source knows',
    [
      advisory(1, 'DSA-1-1', { isStarter: true, upstream: ['CVE-2026-1001', 'CVE-2026-1002'] }),
      advisory(2, 'DEBIAN-CVE-2026-1001', { upstream: ['CVE-2026-1001'] }),
    ],
    ['CVE-2026-1002 1 affected', 'CVE-2026-1001 2 affected'],
  ],
] as const

for (const [name, advisories, expected] of cases) {
  test(name, () => {
    assert.deepEqual(judged(advisories), expected)
  })
}
